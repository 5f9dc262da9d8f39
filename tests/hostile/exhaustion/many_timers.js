// expect: succeeded | memory_killed | memory_error | timed_out
// limits: {"wall_ms": 3000}
// why: a million timers, and a result in spite of them
async function main() {
  for (let n = 0; n < 1_000_000; n++) setTimeout(() => {}, 60_000 + n);
  return { escaped: false };
}

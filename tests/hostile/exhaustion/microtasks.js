// expect: timed_out
// limit: wall
// limits: {"wall_ms": 800, "cpu_ms": 60000}
// why: microtasks that never end starve every timer
async function main() {
  for (;;) await null;
}

// expect: succeeded | timed_out | memory_killed | memory_error | output_exceeded
// limits: {"wall_ms": 1500}
// why: an object that takes for ever to print
async function main() {
  let level = ['x'.repeat(1000)];
  for (let n = 0; n < 12; n++) level = Array(50).fill(level);
  console.dir(level, { depth: null, maxArrayLength: null });
  return { escaped: false };
}

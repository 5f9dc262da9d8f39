// expect: bad_result | memory_killed | memory_error | timed_out | failed
// limits: {"wall_ms": 2000}
// why: a list of lists of lists: a kilobyte in memory, a terabyte as text
async function main() {
  let level = 'x'.repeat(100);
  for (let n = 0; n < 10; n++) level = Array(10).fill(level);
  return { level };
}

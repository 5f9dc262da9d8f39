// expect: timed_out
// limit: cpu
// limits: {"wall_ms": 8000, "cpu_ms": 600}
// why: processor time ends before time on the wall does
async function main() {
  for (let n = 0; ; n++) Math.sqrt(n);
}

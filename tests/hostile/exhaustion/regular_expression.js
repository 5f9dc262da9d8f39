// expect: timed_out
// limit: wall
// limits: {"wall_ms": 800, "cpu_ms": 60000}
// why: catastrophic backtracking
async function main() {
  return { found: /^(a+)+$/.test(`${'a'.repeat(64)}b`) };
}

// expect: failed | timed_out | memory_killed | memory_error
// limits: {"wall_ms": 1000}
// why: a power of BigInt in one instruction
async function main() {
  return { digits: String(9n ** (9n ** 9n)).length };
}

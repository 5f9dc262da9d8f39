// expect: bad_result | memory_killed | memory_error
// why: ten million elements
async function main() {
  return { list: Array(10_000_000).fill(0) };
}

// expect: bad_result
// detail: not_serialisable
// why: JSON.stringify throws at a BigInt
async function main() {
  return { value: 2n ** 64n };
}

// expect: bad_result
// detail: too_large
// why: a result ten times as large as allowed
async function main() {
  return { text: 'x'.repeat(10 << 20) };
}

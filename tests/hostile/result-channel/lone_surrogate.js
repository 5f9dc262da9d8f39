// expect: bad_result
// detail: lone_surrogate
// why: half of a surrogate pair is no Unicode text
async function main() {
  return { value: '\ud800' };
}

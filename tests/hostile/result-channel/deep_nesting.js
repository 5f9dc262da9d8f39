// expect: bad_result
// detail: too_deep
// why: a hundred thousand levels
async function main() {
  let nested = {};
  for (let n = 0; n < 100_000; n++) nested = { a: nested };
  return nested;
}

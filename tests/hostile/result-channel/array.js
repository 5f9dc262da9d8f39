// expect: bad_result
// detail: not_an_object
// why: main returns an array
async function main() {
  return [{ escaped: false }];
}

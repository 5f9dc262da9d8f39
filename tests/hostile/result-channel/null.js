// expect: bad_result
// detail: not_an_object
// why: null is an object to typeof only
async function main() {
  return null;
}

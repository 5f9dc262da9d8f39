// expect: bad_result
// detail: not_an_object
// why: main returns a function
async function main() {
  return () => ({ escaped: true });
}

// expect: failed
// error: ReferenceError
// why: an error at the top level
const value = missing + 1;

async function main() {
  return {};
}

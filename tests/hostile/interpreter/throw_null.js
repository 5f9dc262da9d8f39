// expect: failed
// why: what is thrown need not be an error
async function main() {
  throw null;
}

// expect: failed
// error: SyntaxError
// why: a program that does not compile
async function main( {
  return {};
}

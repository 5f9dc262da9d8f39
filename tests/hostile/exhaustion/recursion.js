// expect: failed
// error: RangeError
// why: endless recursion is an ordinary error
async function main() {
  const down = () => 1 + down();
  return { depth: down() };
}

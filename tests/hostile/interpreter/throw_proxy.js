// expect: failed
// why: a thrown proxy whose traps throw in their turn
async function main() {
  const refuse = () => {
    throw new Proxy({}, { get: refuse });
  };
  throw new Proxy({}, { get: refuse, getPrototypeOf: refuse, has: refuse });
}

// expect: bad_result | failed
// why: a proxy whose every trap throws
async function main() {
  const refuse = () => {
    throw new Error('trap');
  };
  return { value: new Proxy({}, { get: refuse, ownKeys: refuse, has: refuse, getPrototypeOf: refuse }) };
}

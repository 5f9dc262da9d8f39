// expect: failed
// error: TypeError
// why: the hook that formats stacks throws, and returns what is no text
async function main() {
  Error.stackTraceLimit = Infinity;
  Error.prepareStackTrace = () => {
    throw new Error('from the hook');
  };
  throw new TypeError('still reported');
}

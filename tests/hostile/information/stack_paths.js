// expect: succeeded
// why: stacks show no path of the host
async function main() {
  const stacks = [new Error().stack];
  for (const thrower of [() => new URL('x'), () => require('no-such-module'), () => null.x]) {
    try {
      thrower();
    } catch (error) {
      stacks.push(String(error.stack), String(error.message));
    }
  }
  const told = stacks.filter((text) => /\/(?:home|work|root|var|run|target)\//.test(text));
  return { escaped: told.length > 0, detail: told };
}

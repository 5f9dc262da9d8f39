// expect: succeeded
// why: there is no process to exit or to kill with
async function main() {
  const had = ['process', 'exit', 'quit', 'close', 'abort'].filter((name) => typeof globalThis[name] !== 'undefined');
  return { escaped: had.includes('process'), detail: had };
}

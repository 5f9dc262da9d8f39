// expect: succeeded
// output: {"ok": true}
// stdout: one { two: [ 3 ] }
// stderr: careful
// why: console.log goes to stdout and console.error to stderr, formatted as Node does
async function main() {
  console.log('one', { two: [3] });
  console.error('careful');
  return { ok: true };
}

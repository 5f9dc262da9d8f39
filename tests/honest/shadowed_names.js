// expect: succeeded
// output: {"sum": 6}
// why: a program may use names that the host also uses
const require = undefined;
const console = null;
const exports = [1, 2, 3];
const module = { id: 'mine' };
const process = (list) => list.reduce((a, b) => a + b);
const harness = process;
const inputs = exports;
const result = undefined;

async function main() {
  return { sum: harness(inputs) };
}

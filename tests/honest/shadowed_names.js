// expect: succeeded
// output: {"sum": 6}
// why: a program may use names that the host also uses
const console = null;
const process = (list) => list.reduce((a, b) => a + b);
const harness = process;
const inputs = [1, 2, 3];
const host = undefined;
const realm = undefined;
const result = undefined;
const file = 'mine';

async function main() {
  return { sum: harness(inputs) };
}

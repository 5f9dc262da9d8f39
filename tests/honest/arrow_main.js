// expect: succeeded
// inputs: {"n": 3}
// output: {"squares": [0, 1, 4]}
// why: main may be a constant that holds an arrow function
const main = async ({ n }) => ({ squares: Array.from({ length: n }, (_, at) => at * at) });

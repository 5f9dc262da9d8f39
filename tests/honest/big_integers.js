// expect: succeeded
// output: {"factorial": "265252859812191058636308480000000", "power": "ffffffffffffffffffffffffffffffff", "wrapped": "1", "safe": 9007199254740991}
// why: BigInt arithmetic; the program turns its results into text itself
async function main() {
  let factorial = 1n;
  for (let n = 2n; n <= 30n; n++) factorial *= n;
  return {
    factorial: factorial.toString(),
    power: (2n ** 128n - 1n).toString(16),
    wrapped: BigInt.asUintN(8, 257n).toString(),
    safe: Number.MAX_SAFE_INTEGER,
  };
}

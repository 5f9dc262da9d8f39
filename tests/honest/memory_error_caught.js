// expect: succeeded
// output: {"refused": true, "after": 1000}
// why: a RangeError for a length that cannot be, caught, is a success
async function main() {
  try {
    new ArrayBuffer(2 ** 53 - 1);
  } catch (error) {
    return { refused: error instanceof RangeError, after: new Uint8Array(1000).length };
  }
}

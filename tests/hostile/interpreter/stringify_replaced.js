// expect: succeeded
// output: {"escaped": false, "n": 1}
// why: the harness keeps its own references to what it uses
async function main() {
  const forged = () => '{"escaped": true}';
  JSON.stringify = JSON.parse = forged;
  Buffer.from = Buffer.concat = Buffer.alloc = forged;
  TextEncoder.prototype.encode = forged;
  return { escaped: false, n: 1 };
}

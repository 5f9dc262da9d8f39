// expect: succeeded
// why: no two jobs draw the same numbers; each text in `draws` must differ between two runs
async function main() {
  const hex = (bytes) => Buffer.from(bytes).toString('hex');
  const draws = [String(Math.random()), crypto.randomUUID(), hex(crypto.getRandomValues(new Uint8Array(16))), hex(require('crypto').randomBytes(16))];
  return { escaped: new Set(draws).size !== draws.length, draws };
}

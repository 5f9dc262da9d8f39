// expect: succeeded
// output: {"length": 2000, "same": true}
// why: asynchronous zlib runs on pool threads that must exist or be replaced
const zlib = require('node:zlib');
const { promisify } = require('node:util');

async function main() {
  const text = Buffer.from('the quick brown fox '.repeat(100));
  const packed = await promisify(zlib.gzip)(text);
  const unpacked = await promisify(zlib.gunzip)(packed);
  return { length: unpacked.length, same: unpacked.equals(text) };
}

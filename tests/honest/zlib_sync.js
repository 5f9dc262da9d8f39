// expect: succeeded
// output: {"gzip": true, "deflate": 2000, "brotli": 2000}
// why: zlib in its synchronous form
const zlib = require('zlib');

async function main() {
  const text = Buffer.from('the quick brown fox '.repeat(100));
  return {
    gzip: zlib.gunzipSync(zlib.gzipSync(text)).equals(text),
    deflate: zlib.inflateSync(zlib.deflateSync(text)).length,
    brotli: zlib.brotliDecompressSync(zlib.brotliCompressSync(text)).length,
  };
}

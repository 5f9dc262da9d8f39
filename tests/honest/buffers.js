// expect: succeeded
// output: {"hex": "68c3a96c6c6fff000101", "base64": "aMOpbGxv_wABAQ", "number": 65280, "slice": "hé", "pi": 1074340347, "sorted": [1, 1.5, 2]}
// why: Buffer and typed arrays
async function main() {
  const buffer = Buffer.concat([Buffer.from('héllo'), Buffer.from('ff00', 'hex'), Buffer.alloc(2, 1)]);
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.PI);
  return {
    hex: buffer.toString('hex'),
    base64: buffer.toString('base64url'),
    number: buffer.readUInt16BE(6),
    slice: buffer.subarray(0, 3).toString(),
    pi: view.getUint32(0),
    sorted: Array.from(Float32Array.of(2, 1, 1.5).sort()),
  };
}

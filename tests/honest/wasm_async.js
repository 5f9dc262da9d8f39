// expect: succeeded
// output: {"sum": 42, "pages": 3}
// why: WebAssembly compiled asynchronously settles, and its memory grows
const ADD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1, 7, 0,
  32, 0, 32, 1, 106, 11,
]);

async function main() {
  const { instance } = await WebAssembly.instantiate(ADD);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 10 });
  memory.grow(2);
  return { sum: instance.exports.add(40, 2), pages: memory.buffer.byteLength / 65536 };
}

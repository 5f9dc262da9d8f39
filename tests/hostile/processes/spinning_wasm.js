// expect: timed_out
// limit: wall
// limits: {"wall_ms": 800, "cpu_ms": 60000}
// why: an endless loop in WebAssembly has no point at which the language could interrupt it
const LOOP = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11]);

async function main() {
  new WebAssembly.Instance(new WebAssembly.Module(LOOP)).exports.f();
  return { escaped: false };
}

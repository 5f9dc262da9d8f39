// expect: timed_out | failed
// limits: {"wall_ms": 700}
// why: a thread that blocks on memory that nobody else has
async function main() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return { escaped: false };
}

// expect: memory_killed | memory_error
// why: memory outside V8's heap
async function main() {
  const kept = [];
  for (;;) kept.push(new Uint8Array(16 << 20).fill(1));
}

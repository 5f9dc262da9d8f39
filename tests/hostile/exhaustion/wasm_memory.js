// expect: memory_killed | memory_error
// why: memory of WebAssembly, grown and touched
async function main() {
  const kept = [];
  for (;;) {
    const memory = new WebAssembly.Memory({ initial: 1024 });
    new Uint8Array(memory.buffer).fill(1);
    kept.push(memory);
  }
}

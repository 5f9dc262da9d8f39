// expect: memory_error
// why: an array buffer that cannot be, not caught
async function main() {
  return { size: new ArrayBuffer(2 ** 45).byteLength };
}

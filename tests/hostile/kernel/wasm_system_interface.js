// expect: succeeded
// why: WebAssembly must have no system interface, nor is there a way to call native functions
async function main() {
  const loaded = ['wasi', 'node:wasi', 'ffi', 'node:ffi'].filter((name) => {
    try {
      return require(name);
    } catch {
      return false;
    }
  });
  return { escaped: loaded.length > 0, detail: loaded };
}

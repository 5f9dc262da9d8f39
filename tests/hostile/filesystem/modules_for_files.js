// expect: succeeded
// why: every module that opens files, under each of its names
async function main() {
  const loaded = [];
  for (const name of ['fs', 'node:fs', 'fs/promises', 'node:fs/promises', 'module', 'repl', 'v8', 'sqlite', 'wasi', 'inspector']) {
    try {
      require(name);
      loaded.push(name);
    } catch {}
  }
  return { escaped: loaded.length > 0, detail: loaded };
}

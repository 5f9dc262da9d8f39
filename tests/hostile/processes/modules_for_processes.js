// expect: succeeded
// why: every module that starts processes or threads
async function main() {
  const names = ['child_process', 'node:child_process', 'cluster', 'worker_threads', 'vm', 'process', 'os', 'test', 'node:test'];
  const loaded = names.filter((name) => {
    try {
      return require(name);
    } catch {
      return false;
    }
  });
  return { escaped: loaded.length > 0, detail: loaded };
}

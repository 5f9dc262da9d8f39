// expect: succeeded
// why: marks in modules that come from the cache of the host
async function main() {
  const modules = ['util', 'events', 'zlib', 'crypto', 'path'].map((name) => require(name));
  const seen = modules.map((loaded) => Object.hasOwn(loaded, 'leftBehind'));
  for (const loaded of modules) {
    try {
      loaded.leftBehind = true;
    } catch {}
  }
  return { escaped: seen.includes(true), detail: seen };
}

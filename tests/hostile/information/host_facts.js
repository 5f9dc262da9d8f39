// expect: succeeded
// why: what Node tells about its host
async function main() {
  const told = [];
  for (const name of ['os', 'node:os', 'process', 'v8', 'perf_hooks', 'diagnostics_channel', 'async_hooks']) {
    try {
      const loaded = require(name);
      if (loaded.hostname || loaded.env || loaded.getHeapSnapshot) told.push(name);
    } catch {}
  }
  const agent = globalThis.navigator?.hardwareConcurrency !== undefined ? ['navigator'] : [];
  return { escaped: told.length > 0, detail: [...told, ...agent] };
}

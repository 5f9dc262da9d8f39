// expect: bad_result | failed | timed_out | memory_killed | memory_error
// limits: {"wall_ms": 1500}
// why: a proxy that is an object within an object without an end
async function main() {
  const endless = new Proxy({}, { ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }), get: (_, key) => (key === 'a' ? { a: endless } : undefined) });
  return endless;
}

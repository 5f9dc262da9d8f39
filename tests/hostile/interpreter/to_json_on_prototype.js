// expect: succeeded | bad_result
// why: toJSON on Object.prototype reaches every object that is written, the harness's own frames included
async function main() {
  Object.defineProperty(Object.prototype, 'toJSON', { __proto__: null, value: () => ({ escaped: false, forged: true }), configurable: true });
  return { escaped: false };
}

// expect: succeeded
// output: {"escaped": false}
// why: setters on Object.prototype see what the harness assigns to objects of this context
async function main() {
  const seen = [];
  for (const key of ['code', 'message', 'index', 'value', 'inputs', 'then', '0', 'stack', 'fd']) {
    Object.defineProperty(Object.prototype, key, { __proto__: null, set: (value) => seen.push(value), get: () => undefined, configurable: true });
  }
  return { escaped: seen.length > 0 };
}

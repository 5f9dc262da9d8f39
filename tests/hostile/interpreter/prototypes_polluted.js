// expect: succeeded
// output: {"escaped": false, "list": [1, "a"]}
// why: methods that the harness might call on the program's objects
async function main() {
  const forged = () => ({ escaped: true });
  Object.prototype.toJSON = undefined;
  for (const prototype of [Object.prototype, Array.prototype, String.prototype, Function.prototype, Map.prototype, Promise.prototype]) {
    for (const key of ['map', 'push', 'slice', 'join', 'call', 'apply', 'bind', 'get', 'set', 'has', 'charCodeAt', 'catch', 'finally', 'hasOwnProperty', 'valueOf']) {
      Object.defineProperty(prototype, key, { __proto__: null, value: forged, configurable: true, writable: true });
    }
  }
  return { escaped: false, list: [1, 'a'] };
}

// expect: succeeded
// limits: {"scratch_bytes": 8388608}
// why: a native module that the program brings along must not be loaded from a place it can write
async function main() {
  let host;
  try {
    host = Buffer.constructor('return process')();
  } catch {}
  if (!host?.versions) return { escaped: false, detail: 'the guard holds' };
  const load = (name) => host.getBuiltinModule?.(name) ?? host.mainModule.require(name);
  const fs = load('fs');
  fs.writeFileSync('/tmp/own.node', fs.readFileSync('/cellblock/native.so'));
  try {
    host.dlopen({ exports: {} }, '/tmp/own.node');
    return { escaped: true, detail: 'loaded' };
  } catch (error) {
    return { escaped: false, detail: ['the guard fell', error.message] };
  }
}

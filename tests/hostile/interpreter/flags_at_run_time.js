// expect: succeeded | signalled | failed | memory_killed
// why: V8's own switches, changed in a running engine: the functions of its own tests
async function main() {
  let host;
  try {
    host = Buffer.constructor('return process')();
  } catch {}
  const load = (name) => host.getBuiltinModule?.(name) ?? host.mainModule.require(name);
  if (!host?.versions) return { escaped: false, detail: 'the guard holds' };
  load('v8').setFlagsFromString('--allow-natives-syntax');
  try {
    new Function('%DebugPrint({})')();
  } catch {}
  return boundary(host);
}

// Whether `process` in hand leads anywhere: only the kernel's boundary counts.
async function boundary(process) {
  if (!process?.versions) return { escaped: false, detail: 'the guard holds' };
  try {
    const load = (name) => process.getBuiltinModule?.(name) ?? process.mainModule.require(name);
    const works = (attempt) => { try { return attempt(), true; } catch { return false; } };
    const read = works(() => load('fs').readFileSync('/etc/passwd')) || works(() => load('fs').readdirSync('/proc'));
    const written = works(() => load('fs').writeFileSync('/mark', 'x'));
    const connected = await new Promise((done) => {
      load('net').connect(6379, '127.0.0.1').on('connect', () => done(true)).on('error', () => done(false));
    });
    return { escaped: read || written || connected, detail: ['the guard fell', { read, written, connected }] };
  } catch (error) {
    return { escaped: false, detail: ['the guard fell, and no module came', String(error)] };
  }
}

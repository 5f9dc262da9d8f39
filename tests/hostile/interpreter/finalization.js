// expect: succeeded
// why: what a finaliser and a weak reference are called with, and by whom
async function main() {
  let found;
  const take = (value) => { try { found ??= value.constructor.constructor('return process')(); } catch {} };
  const registry = new FinalizationRegistry(function (held) { take(this); take(held); take(new Error()); });
  for (let n = 0; n < 1000; n++) registry.register({ n }, {}), new WeakRef({ n });
  take(new WeakRef(console).deref());
  for (let n = 0; n < 5; n++) {
    new Array(1 << 18).fill(n);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return boundary(found);
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

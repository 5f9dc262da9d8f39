// expect: succeeded
// why: the harness awaits main with a Promise that the program has changed
async function main() {
  let found;
  const then = Promise.prototype.then;
  Promise.prototype.then = function (...handlers) {
    for (const handler of handlers) {
      try { found ??= handler.constructor('return process')(); } catch {}
    }
    return then.apply(this, handlers);
  };
  await new Promise((done) => setTimeout(done, 5));
  Promise.prototype.then = then;
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

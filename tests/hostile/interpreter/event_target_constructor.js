// expect: succeeded
// why: what listeners are called with, and what an abort signal gives as its reason
async function main() {
  let found;
  const take = (value) => { try { found ??= value.constructor.constructor('return process')(); } catch {} };
  const target = new EventTarget();
  target.addEventListener('x', function (event) { [this, event, event.target, event.composedPath()].forEach(take); });
  target.addEventListener('x', { handleEvent(event) { take(event); throw new Error('caught by nobody'); } }, { once: true });
  try { target.dispatchEvent(new Event('y')); target.dispatchEvent(new Event('x', { cancelable: true })); } catch (error) { take(error); }
  const controller = new AbortController();
  controller.signal.onabort = function (event) { take(this); take(event); };
  controller.abort();
  take(controller.signal.reason);
  try { controller.signal.throwIfAborted(); } catch (error) { take(error); }
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

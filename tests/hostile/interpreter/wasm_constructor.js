// expect: succeeded
// why: WebAssembly's objects and promises
async function main(inputs) {
  let found;
  for (const object of [WebAssembly, WebAssembly.Module, new WebAssembly.Memory({ initial: 1 }).buffer, WebAssembly.compile(new Uint8Array(8)).catch(() => {})]) {
    try { found ??= object.constructor.constructor('return process')(); } catch {}
    try { found ??= Object.getPrototypeOf(object).constructor.constructor('return process')(); } catch {}
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

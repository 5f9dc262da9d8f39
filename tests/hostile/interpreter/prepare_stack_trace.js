// expect: succeeded
// why: call sites give the functions and receivers of the harness
async function main() {
  let found;
  Error.prepareStackTrace = (_, sites) => sites;
  const sites = new Error().stack;
  for (const site of Array.isArray(sites) ? sites : []) {
    for (const read of ['getThis', 'getFunction']) {
      try { found ??= site[read]().constructor.constructor('return process')(); } catch {}
      try { found ??= site[read]().process; } catch {}
    }
    try { found ??= site.constructor.constructor('return process')(); } catch {}
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

// expect: succeeded
// why: the error with which import() is refused, its promise, and what a failed compilation throws
async function main() {
  let found;
  const attempts = [() => import('fs'), () => import('data:text/javascript,1'), () => import(new Proxy({}, {}))];
  for (const attempt of attempts) {
    let promise;
    try {
      promise = attempt();
      await promise;
    } catch (error) {
      for (const object of [error, promise, error?.cause]) {
        try { found ??= object.constructor.constructor('return process')(); } catch {}
      }
    }
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

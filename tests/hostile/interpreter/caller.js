// expect: succeeded
// why: the function that called, by the property of old
async function main() {
  let found;
  const walk = function () {
    for (let fn = walk.caller, depth = 0; fn && depth < 20; fn = fn.caller, depth++) {
      try { found ??= fn.constructor('return process')(); } catch {}
      for (const value of fn.arguments ?? []) {
        try { found ??= value.constructor.constructor('return process')(); } catch {}
      }
    }
  };
  try { walk(); } catch {}
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

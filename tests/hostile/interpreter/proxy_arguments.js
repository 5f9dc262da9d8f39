// expect: succeeded
// why: a proxy sees what host functions do with it
async function main() {
  let found;
  const look = (...things) => {
    for (const thing of things) {
      try { found ??= thing.constructor.constructor('return process')(); } catch {}
    }
  };
  const trap = new Proxy(function () {}, {
    get: (target, key, receiver) => (look(key, receiver), key === Symbol.toPrimitive ? () => 'x' : trap),
    apply: (target, self, list) => look(self, list, ...list),
    has: () => true,
    getOwnPropertyDescriptor: (target, key) => (look(key), undefined),
  });
  for (const call of [() => console.log(trap), () => structuredClone(trap), () => new URL(trap), () => Buffer.from(trap), () => setTimeout(trap, 0)]) {
    try { call(); } catch (error) { look(error); }
  }
  await new Promise((done) => setTimeout(done, 20));
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

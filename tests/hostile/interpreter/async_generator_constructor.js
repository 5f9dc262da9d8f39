// expect: succeeded
// why: constructors that have no name: those of async functions and generators, and a return into a thenable
async function main() {
  let found;
  const makers = [async () => {}, function* () {}, async function* () {}];
  for (const maker of makers) {
    try { found ??= await maker.constructor('return process')(); } catch {}
    try { found ??= maker.constructor('yield process')().next().value; } catch {}
  }
  async function* outer() { yield* { [Symbol.asyncIterator]: () => ({ next: async () => ({ value: 1 }) }) }; }
  const iterator = outer();
  await iterator.next();
  const deep = () => deep();
  try { await iterator.return({ get then() { return deep(); } }); } catch (error) {
    try { found ??= error.constructor.constructor('return process')(); } catch {}
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

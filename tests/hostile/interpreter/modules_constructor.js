// expect: succeeded
// why: what the allowed modules make, throw, emit and pass to callbacks
async function main() {
  let found;
  const take = (value) => { try { found ??= value.constructor.constructor('return process')(); } catch {} };
  const tries = (attempt) => { try { take(attempt()); } catch (error) { take(error); } };
  const [assert, events, zlib, stream, util, path, url, text] =
    ['assert', 'events', 'zlib', 'stream', 'util', 'path', 'url', 'string_decoder'].map((name) => require(name));
  tries(() => assert.equal(1, 2));
  tries(() => new events().on('error', function () { take(this); }).emit('error', 1));
  tries(() => zlib.inflateSync('x'));
  await new Promise((done) => zlib.inflate('x', function (error) { take(error); take(this); done(); }));
  tries(() => new stream.Readable({ read() { take(this); } }).read());
  tries(() => util.promisify(setTimeout));
  tries(() => path.join(1));
  tries(() => url.parse(1));
  tries(() => new text.StringDecoder('x'));
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

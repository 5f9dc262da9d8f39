// Runs one user program inside the jail: the Node.js end of the zygote protocol.
//
// Who runs this: the interpreter that the jailer started, as `node [flags] harness.js native.so [--template=]`. It
// boots, prepares a vm context for the program, and calls the native library. With `--template=`, that is `zygote`, after
// a warm-up: it turns this process into a template, and returns in forks of it, each of which has a job. Otherwise it is
// `enter`, which waits until this process itself gets a job. Both apply the last steps (limits, identity, system call
// filter) before they return. What comes before knows no job; what comes after has no rights left.
//
//     fd 3  worker -> harness   PROGRAM, then ITEM..., then END
//     fd 4  harness -> worker   LOG..., LOADED, then for each item LOG... and exactly one end frame
//     fd 5  control socket of the native library, moved and closed by it before any user code runs
//     fd 6 to 9   a template's: its control socket, the host's /proc, /dev/null, Landlock's rules or nothing
//     frame = u32 LE payload length · u8 kind · payload
//
// The program's top level runs once, as the body of a function in the context, like a CommonJS module. Then its entry
// point is called once per item, each item in a turn of the event loop of its own: what an item leaves behind
// (microtasks, unhandled rejections) then runs out before the next one is read, and its timers are cancelled.
//
// What this file is not: a boundary. A program can reach this realm through any host object (`Buffer.constructor`) and
// write to fd 4 itself; the kernel holds it, and the worker trusts no byte of it. The vm context and the references
// taken below before any user code runs are hygiene: patched prototypes and globals change the program's own life and
// not the framing of its results or of the items after it.
'use strict';

const { fstatSync, readSync, writeSync } = require('fs');
const vm = require('vm');
const { inspect, types } = require('util');
const { Console } = require('console');
const { cpuUsage } = process;
const { setTimeout, setInterval, setImmediate, clearTimeout, clearImmediate } = globalThis;

const JOB_FD = 3, RESULT_FD = 4, CONTROL_FD = 5, TEMPLATE_FD = 6, PROC_FD = 7, RULESET_FD = 9;
const REHEARSAL = 1; // what the native library says in the fork that rehearses a job
const PROGRAM = 0x01, ITEM = 0x02, END = 0x03;
const LOADED = 0x10, LOG = 0x11, VALUE = 0x12, RAISED = 0x13, MEMORY = 0x14, BAD = 0x15, UNSETTLED = 0x17;

const LOG_BYTES = 65536 - 1; // a LOG payload is at most 64 KiB, and its first byte is the stream
const MESSAGE_CHARS = 8192; // longer error texts are cut: they are for reading
const ALLOWED_MODULES = ['assert', 'buffer', 'cellblock', 'crypto', 'events', 'path', 'punycode', 'querystring',
  'stream', 'stream/promises', 'string_decoder', 'timers', 'timers/promises', 'url', 'util', 'zlib'];

const uncurry = (method) => Function.prototype.call.bind(method);
// The native methods under Buffer's toString and write, which look them up on the (patchable) prototype.
const decode = uncurry(Buffer.prototype.utf8Slice);
const encodeInto = uncurry(Buffer.prototype.utf8Write);
const copy = uncurry(Buffer.prototype.copy);
const readU32 = uncurry(Buffer.prototype.readUInt32LE);
const writeU32 = uncurry(Buffer.prototype.writeUInt32LE);
const { allocUnsafeSlow, byteLength } = Buffer;
const encode = (text) => {
  const bytes = allocUnsafeSlow(byteLength(text));
  encodeInto(bytes, text, 0);
  return bytes;
};
const { apply, defineProperty } = Reflect;
const { stringify: toJson, parse: fromJson } = JSON; // for the harness's own texts, not for inputs and results

const library = { exports: {} };
process.dlopen(library, process.argv[2]);
const native = library.exports;
// _exit(2): no exit handlers, no waiting for what the program left running, nor for threads that a fork does not have.
const leave = () => native.exit(0);

// ------------------------------------------------------------------------------------------------------------ frames

let inbox = allocUnsafeSlow(65536); // buffered frames: many small items arrive with one system call
let inboxAt = 0, inboxEnd = 0;
let payloadAt = 0, payloadEnd = 0; // of the frame that `take` returned, in `inbox`

function need(size) {
  if (inboxEnd - inboxAt >= size) return;
  const target = size > inbox.length ? allocUnsafeSlow(size + 65536) : inbox;
  inboxEnd = copy(inbox, target, 0, inboxAt, inboxEnd);
  inboxAt = 0;
  inbox = target;
  while (inboxEnd < size) {
    const count = readSync(JOB_FD, inbox, inboxEnd, inbox.length - inboxEnd, null);
    if (count === 0) leave(); // the worker is gone
    inboxEnd += count;
  }
}

/** Moves to the next frame and returns its kind. */
function take() {
  need(5);
  const size = readU32(inbox, inboxAt);
  need(5 + size);
  const kind = inbox[inboxAt + 4];
  payloadAt = inboxAt + 5;
  payloadEnd = inboxAt = payloadAt + size;
  return kind;
}

const outbox = allocUnsafeSlow(65536 + 64);
const itemIndex = allocUnsafeSlow(8).fill(0xff); // as it came; all ones means "the program itself"

function write(frame, size) {
  try {
    for (let sent = 0; sent < size;) sent += writeSync(RESULT_FD, frame, sent, size - sent);
  } catch (error) {
    if (error?.syscall === 'write') leave(); // nobody can be told anything any more: the worker sees a missing result
    throw error; // the program's stack is full
  }
}

function sendEnd(kind, text) {
  const small = text.length * 3 + 13 <= outbox.length;
  const frame = small ? outbox : allocUnsafeSlow(byteLength(text) + 13);
  const size = 8 + encodeInto(frame, text, 13);
  writeU32(frame, size, 0);
  frame[4] = kind;
  copy(itemIndex, frame, 5);
  write(frame, size + 5);
}

/** Sends text as LOG frames at once, so that what a program printed before it hung or crashed is seen. */
function log(stream, text) {
  const bytes = encode(text);
  for (let start = 0; start < bytes.length; start += LOG_BYTES) {
    const size = Math.min(LOG_BYTES, bytes.length - start);
    writeU32(outbox, 1 + size, 0);
    outbox[4] = LOG;
    outbox[5] = stream;
    copy(bytes, outbox, 6, start, start + size);
    write(outbox, 6 + size);
  }
}

// ----------------------------------------------------------------------------------------------------------- context

const literally = (text) => text.replace(/[^\w]/g, '\\$&');
const FOREIGN_FRAME = new RegExp(`\\n +at [^\\n]*(?:node:internal|${literally(__filename)}:)[^\\n]*`, 'g');

/** What Node's Console asks of a stream. Stack traces lose the frames that are not the program's. */
const logStream = (number) => ({
  write: (text) => log(number, text.includes('  at ') ? text.replace(FOREIGN_FRAME, '') : text),
  on() {}, once() {}, removeListener() {}, listenerCount: () => 0,
});
const hostConsole = new Console({ stdout: logStream(1), stderr: logStream(2), colorMode: false });
let consoleDepth = 0;

const NOBODY = 0, TOP_LEVEL_RUNS = 1, ITEM_RUNS = 2;
let running = NOBODY; // whose fault an uncaught exception is, and whose timers are

const timeouts = new Set(), immediates = new Set(); // what the item started and nobody cancelled

function startTimer(live, start, repeats, callback, rest) {
  if (typeof callback !== 'function') return start(callback); // throws what Node throws
  const timer = start((...args) => {
    if (!repeats) live.delete(timer);
    apply(callback, timer, args);
  }, ...rest);
  if (running === ITEM_RUNS) live.add(timer); // those of the top level live as long as the program
  return timer;
}

/** Cancels what an item leaves behind, so that its timers do not fire in the next one. */
function cancelLeftovers() {
  if (timeouts.size > 0) timeouts.forEach(clearTimeout), timeouts.clear();
  if (immediates.size > 0) immediates.forEach(clearImmediate), immediates.clear();
  for (; consoleDepth > 0; consoleDepth--) hostConsole.groupEnd();
}

/** Functions of this realm that the context gets, each inside a function of its own. */
const hostFunctions = {
  setTimeout: (callback, ...rest) => startTimer(timeouts, setTimeout, false, callback, rest),
  setInterval: (callback, ...rest) => startTimer(timeouts, setInterval, true, callback, rest),
  setImmediate: (callback, ...rest) => startTimer(immediates, setImmediate, false, callback, rest),
  clearTimeout: (timer) => { timeouts.delete(timer); clearTimeout(timer); },
  clearInterval: (timer) => { timeouts.delete(timer); clearTimeout(timer); },
  clearImmediate: (timer) => { immediates.delete(timer); clearImmediate(timer); },
  queueMicrotask, structuredClone, atob, btoa,
};
const consoleFunctions = {};
for (const name of ['log', 'info', 'debug', 'warn', 'error', 'table', 'dir', 'dirxml', 'trace', 'assert', 'count',
  'countReset', 'time', 'timeEnd', 'timeLog']) consoleFunctions[name] = (...args) => hostConsole[name](...args);
consoleFunctions.group = consoleFunctions.groupCollapsed = (...args) => { consoleDepth++; hostConsole.group(...args); };
consoleFunctions.groupEnd = () => { if (consoleDepth > 0) consoleDepth--, hostConsole.groupEnd(); };

const hostClasses = {
  AbortController, AbortSignal, Buffer, Event, EventTarget, TextDecoder, TextEncoder, URL, URLSearchParams,
};
/** Taken on first use: each takes milliseconds to load. */
const lateGlobals = {
  crypto: () => require('crypto').webcrypto,
  Blob: () => require('buffer').Blob,
  DOMException: () => globalThis.DOMException,
};

/**
 * Runs inside each realm (as text: it closes over nothing) and replaces Math.random, which would go on alike in every fork of
 * a template. xoshiro128** 1.1 by Blackman and Vigna, two draws for the 53 bits of a number. Returns what seeds it.
 */
function replaceRandom() {
  'use strict';
  const { imul } = Math;
  let a = 1, b = 2, c = 3, d = 4;
  const draw = () => {
    const scrambled = imul(b, 5), shifted = b << 9;
    c ^= a, d ^= b, b ^= c, a ^= d, c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
  };
  const random = () => (draw() * 2097152 + (draw() >>> 11)) / 9007199254740992;
  Reflect.defineProperty(Math, 'random', { value: random, writable: true, configurable: true });
  return (...words) => { [a, b, c, d] = words; };
}

/**
 * Runs inside the context (as text: it closes over nothing) and fills its global object. Returns what the harness needs
 * of the context, taken before any user code runs.
 */
function prepareContext(host) {
  'use strict';
  const { apply, defineProperty } = Reflect;
  const global = globalThis;
  const define = (target, name, value) => defineProperty(target, name, { value, writable: true, configurable: true });
  const wrap = (name, hostFunction) => ({ [name](...args) { return apply(hostFunction, undefined, args); } })[name];
  for (const name in host.functions) define(global, name, wrap(name, host.functions[name]));
  for (const name in host.classes) define(global, name, host.classes[name]);
  const promised = Symbol.for('nodejs.util.promisify.custom'); // util.promisify(setTimeout)
  const { setTimeout, setImmediate } = global;
  define(setTimeout, promised, (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value)));
  define(setImmediate, promised, (value) => new Promise((resolve) => setImmediate(resolve, value)));
  const console = {};
  for (const name in host.console) console[name] = wrap(name, host.console[name]);
  define(global, 'console', console);
  const performance = { now: wrap('now', host.now), timeOrigin: 0 };
  define(global, 'performance', performance);
  define(global, 'global', global);

  // Host functions make errors, buffers, promises and clones of the other realm: let instanceof see through that.
  for (const name of host.sharedNames) {
    const own = global[name], other = host.intrinsics[name];
    const ordinary = Function.prototype[Symbol.hasInstance];
    define(own, Symbol.hasInstance, function (value) {
      return apply(ordinary, this, [value]) || (this === own && apply(ordinary, other, [value]));
    });
  }

  // V8 settles these promises from tasks that do not keep the event loop running, so something else has to.
  const { then } = Promise.prototype;
  for (const name of ['compile', 'instantiate']) {
    const ordinary = WebAssembly[name];
    define(WebAssembly, name, { [name](...args) {
      const promise = apply(ordinary, WebAssembly, args), held = host.hold(), release = () => host.release(held);
      apply(then, promise, [release, release]);
      return promise;
    } }[name]);
  }

  const cellblock = {};
  define(global, 'cellblock', cellblock);
  const own = { cellblock, timers: { get promises() { return host.require('timers/promises'); } } };
  for (const name in host.functions) if (/Timeout|Interval|Immediate/.test(name)) own.timers[name] = global[name];
  const allowed = host.allowed.join(', ');
  const require = (name) => {
    const bare = typeof name === 'string' && name.startsWith('node:') ? name.slice(5) : name;
    if (!host.allowed.includes(bare)) {
      const error = new Error(`Cannot find module '${String(name)}': a program may use ${allowed}`);
      error.code = 'MODULE_NOT_FOUND';
      throw error;
    }
    return own[bare] ?? host.require(bare);
  };
  const module = { exports: {} };
  for (const name in host.late) {
    defineProperty(global, name, {
      get: () => { const value = host.late[name](); define(global, name, value); return value; },
      set: (value) => { define(global, name, value); },
      configurable: true,
    });
  }
  // A vm context answers every use of a global through a callback (0.1 µs for each `Math` in a loop). Bindings of
  // script scope are found first and cost nothing, so each global gets one; see bindGlobals.
  const names = Object.getOwnPropertyNames(global).filter((name) =>
    !(name in host.late) && !['eval', 'undefined', 'NaN', 'Infinity'].includes(name));
  const { parse, stringify } = JSON;
  return { names, module, require, cellblock, performance, parse, stringify, then };
}

const context = vm.createContext({}, { name: 'program' });
const inContext = (text) => vm.runInContext(text, context, { filename: __filename });
const sharedNames = ['Array', 'ArrayBuffer', 'Date', 'Map', 'Object', 'Promise', 'RegExp', 'Set',
  'Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError',
  'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array',
  'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'];
const seeds = [inContext(`(${replaceRandom})`)(), replaceRandom()];
const hostNow = performance.now.bind(performance);
let startedAt = 0; // on the scale of hostNow
const realm = inContext(`(${prepareContext})`)({
  functions: hostFunctions, console: consoleFunctions, classes: hostClasses, late: lateGlobals,
  allowed: ALLOWED_MODULES, require: (name) => require(name), sharedNames, intrinsics: globalThis,
  now: () => hostNow() - startedAt, hold: () => setTimeout(() => {}, 2 ** 31 - 1), release: clearTimeout,
});
inContext(`let ${realm.names.map((name) => `${name} = this.${name}`).join()}`); // bindGlobals
const { parse, stringify } = realm;

// ----------------------------------------------------------------------------------------------------------- results

class Refused { constructor(why, message) { this.why = why; this.message = message; } }

/** The JSON text of what main returned; throws Refused. */
function resultText(result) {
  let text;
  try {
    text = stringify(result);
  } catch (error) {
    throw refusal(result, error);
  }
  if (typeof text !== 'string' || text[0] !== '{') {
    throw new Refused('not_an_object', `main returned ${kindOf(result)}: it must return an object`);
  }
  if (text === '{}' && (types.isMap(result) || types.isSet(result))) {
    throw new Refused('not_an_object', `main returned ${kindOf(result)}, which JSON writes as {}: convert it first`);
  }
  // JSON.stringify writes NaN and Infinity as null, silently; look closer only where there is a null.
  if (text.includes('null') && find(result, isNotFinite, false)) {
    throw new Refused('not_finite', `${find(result, isNotFinite, true)} is NaN or Infinity, which JSON cannot hold`);
  }
  // The only \ud.. escapes that JSON.stringify writes are those of lone surrogates; \\ud is text that looks like one.
  if (text.includes('\\ud') && /(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(text)) {
    throw new Refused('lone_surrogate', 'the result holds text with a lone surrogate, which UTF-8 cannot hold');
  }
  if (text.length > outputBytes || text.length * 3 > outputBytes && byteLength(text) > outputBytes) {
    throw new Refused('too_large', `the result is ${byteLength(text)} bytes of JSON; the limit is ${outputBytes}`);
  }
  return text;
}

/** Why JSON.stringify threw. */
function refusal(result, error) {
  const { message } = describe(error);
  if (isMemory(error)) return error;
  if (message.startsWith('Converting circular structure')) {
    return new Refused('circular', `the result contains itself${message.slice(message.indexOf('JSON') + 4)}`);
  }
  if (message === 'Maximum call stack size exceeded') return new Refused('too_deep', 'the result is nested too deeply');
  if (message === 'Invalid string length') return new Refused('too_large', 'the result is longer than a text can be');
  const bigint = find(result, (value) => typeof value === 'bigint', true);
  return new Refused('not_serialisable', bigint
    ? `${bigint} is a BigInt, which JSON cannot hold: convert it with String() or Number()`
    : `an object of the result failed in toJSON or a getter: ${message}`);
}

function isNotFinite(value) {
  if (typeof value !== 'number' && !types.isNumberObject(value)) return false;
  return !Number.isFinite(Number(value));
}

/** Whether JSON.stringify meets a value that passes `test`; with `wanted`, which takes memory, the path of one. */
function find(root, test, wanted) {
  const paths = new Map();
  let found;
  try {
    stringify(root, function (key, value) {
      const above = paths.get(this); // undefined for the root, and where no path is wanted
      const path = above === undefined ? 'result' : Array.isArray(this) ? `${above}[${key}]` : `${above}.${key}`;
      if (test(value)) {
        found = path;
        throw found;
      }
      if (wanted && typeof value === 'object' && value !== null) paths.set(value, path);
      return value;
    });
  } catch {
    // Ours, to stop early, or a toJSON of the program that fails the second time.
  }
  return found;
}

function kindOf(value) {
  if (value === null || value === undefined) return `${value}`;
  if (Array.isArray(value)) return 'an array';
  if (types.isMap(value)) return 'a Map';
  if (types.isSet(value)) return 'a Set';
  return typeof value === 'object' ? `an object that JSON does not write as one` : `a ${typeof value}`;
}

// ------------------------------------------------------------------------------------------------------------ errors

let file = 'main.js', ownFrame = /$^/, outputBytes = 0;

/** Only what an allocator refused; 'Invalid array length' and 'Invalid string length' are the program's own errors. */
function isMemory(error) {
  return types.isNativeError(error) && (read(error, 'message') === 'Array buffer allocation failed'
    || read(error, 'message') === 'WebAssembly.Memory(): could not allocate memory'
    || read(error, 'code') === 'ERR_MEMORY_ALLOCATION_FAILED');
}

/** A property of something that was thrown: it may be a Proxy or have getters that throw. */
function read(object, name) {
  try {
    return object[name];
  } catch {
    return undefined;
  }
}

/** Cut to a length that a report can hold, and without lone surrogates. */
const short = (text, most = MESSAGE_CHARS) =>
  decode(encode(text.length > most ? `${text.slice(0, most)} ...` : text));

/** The report on anything that was thrown. Never throws. */
function describe(thrown) {
  const report = { type: thrown === null ? 'null' : typeof thrown, message: '', line: null, traceback: [] };
  try {
    if (typeof thrown !== 'object' || thrown === null) {
      report.message = short(String(thrown));
      return report;
    }
    // A class that extends Error without setting `name` still says 'Error' there.
    const names = [read(thrown, 'name'), read(read(thrown, 'constructor') ?? {}, 'name')];
    if (names[0] === 'Error') names.reverse();
    report.type = short(names.find((name) => typeof name === 'string' && name !== '') ?? 'Object', 200);
    const message = read(thrown, 'message');
    report.message = short(typeof message === 'string' ? message : inspect(thrown, { depth: 1, customInspect: false }));
    let cause = thrown;
    for (let depth = 0; depth < 5 && cause !== undefined && cause !== null; depth++) {
      if (depth > 0) {
        const text = `${read(cause, 'name') ?? typeof cause}: ${read(cause, 'message') ?? cause}`;
        report.traceback.push(`caused by ${short(text, 500)}`);
      }
      const stack = read(cause, 'stack');
      for (const text of typeof stack === 'string' ? stack.slice(0, 1 << 16).split('\n') : []) {
        const at = ownFrame.exec(text);
        if (at === null) continue;
        report.line ??= Number(at[1]);
        report.traceback.push(short(text.trim(), 500));
      }
      cause = read(cause, 'cause');
    }
  } catch {
    report.message ||= 'what was thrown could not be described';
  }
  return report;
}

const ESM = /import statement outside a module|Unexpected token 'export'|'import\.meta' outside a module/;

/** The report on a program that does not compile. */
function describeSyntax(error) {
  const report = describe(error);
  const at = /^.*:(\d+)\n(.*)/.exec(String(read(error, 'stack')));
  if (at !== null) {
    report.line = Number(at[1]);
    report.traceback = [short(`at ${file}:${at[1]}: ${at[2].trim()}`, 500)];
  }
  if (ESM.test(report.message)) {
    report.message += ': a program is not an ES module, use a plain function or module.exports, and require()';
  } else if (report.message.startsWith('await is only valid')) {
    report.message = 'await is only valid in async functions: put it into async function main';
  }
  return report;
}

// ----------------------------------------------------------------------------------------------------------- program

let turn = 0; // counts items, so that what a promise of an earlier one does is ignored
let main;
let finished = leave; // called after the last item

/**
 * Has the kernel charge what this thread has used to its cgroup, where it is read when the first item has its answer. By itself
 * it does so when a thread is descheduled, and every few milliseconds.
 */
function charge() {
  cpuUsage();
}

/** Ends the item that runs. */
function finish(kind, text) {
  if (turn < 2) charge();
  sendEnd(kind, text);
  if (running === TOP_LEVEL_RUNS) leave();
  running = NOBODY;
  cancelLeftovers();
  setImmediate(serve);
}

function fail(thrown, describeIt = describe) {
  if (running === NOBODY) return; // left over from an item that has its end frame
  finish(isMemory(thrown) ? MEMORY : RAISED, toJson(describeIt(thrown)));
}

function succeed(result) {
  let text;
  try {
    text = resultText(result);
  } catch (error) {
    if (!(error instanceof Refused)) return fail(error);
    return finish(BAD, toJson({ why: error.why, message: short(error.message) }));
  }
  finish(VALUE, text);
}

const isThenable = (value) =>
  (typeof value === 'object' || typeof value === 'function') && value !== null && typeof value.then === 'function';

async function settle(promise) {
  const mine = turn;
  try {
    // `await` alone would look `then` up on the program's Promise.prototype.
    const result = await (types.isPromise(promise)
      ? new Promise((resolve, reject) => apply(realm.then, promise, [resolve, reject])) : promise);
    if (mine === turn && running === ITEM_RUNS) succeed(result);
  } catch (error) {
    if (mine === turn) fail(error);
  }
}

/** Reads and calls the next item. Called by the event loop only, never from a microtask. */
function serve() {
  if (take() !== ITEM) return finished();
  copy(inbox, itemIndex, 0, payloadAt, payloadAt + 8);
  const item = readU32(itemIndex, 0) + readU32(itemIndex, 4) * 2 ** 32;
  defineProperty(realm.cellblock, 'item', { value: item, configurable: true, enumerable: true });
  if (chance !== null) drawFrom(readU32(itemIndex, 4), readU32(itemIndex, 0));
  turn++;
  running = ITEM_RUNS;
  try {
    const result = main(parse(decode(inbox, payloadAt + 8, payloadEnd)));
    if (types.isPromise(result) || isThenable(result)) settle(result);
    else succeed(result);
  } catch (error) {
    fail(error);
  }
}

/**
 * Compiles the program as a function body, not as a script: top-level functions are then local, and calling one does
 * not go through the callback of the global object. A last line is the only way to see a `const main`. Where it does
 * not compile it is left out: the error is then about the program's own text, or the entry point is in exports.
 */
function compile(text, name) {
  const code = text.startsWith('#!') ? `//${text.slice(2)}` : text;
  const isName = /^[\p{ID_Continue}$]+$/u.test(name);
  const last = isName ? `return typeof ${name} === 'undefined' ? undefined : ${name}` : '';
  const options = { filename: file, parsingContext: context };
  try {
    return vm.compileFunction(`${code}\n;${last}`, ['exports', 'require', 'module'], options);
  } catch {
    return vm.compileFunction(code, ['exports', 'require', 'module'], options);
  }
}

let chance = null; // the two halves of the job's seed

/** Starts every generator of random numbers from the job's seed and an item. */
function drawFrom(itemHigh, itemLow) {
  native.seed(...chance, itemHigh, itemLow);
  seedRandom();
}

/** Starts Math.random in both realms from the kernel's numbers, or from what stands in for them. */
function seedRandom() {
  for (const seed of seeds) seed(native.random(), native.random(), native.random(), native.random());
}

/** Replaces what draws random numbers ahead, some for the items after. */
function seedCrypto() {
  const crypto = require('crypto'), { webcrypto, randomUUID } = crypto;
  const random = () => (native.random() * 2097152 + (native.random() >>> 11)) / 9007199254740992;
  crypto.randomInt = (...args) => {
    const done = typeof args.at(-1) === 'function' ? args.pop() : undefined;
    const [least, below] = args.length < 2 ? [0, args[0]] : args;
    if (!Number.isSafeInteger(least) || !Number.isSafeInteger(below)) throw new TypeError('bounds must be safe integers');
    if (below <= least) throw new RangeError(`the upper bound must be above ${least}, not ${below}`);
    const drawn = least + Math.floor(random() * (below - least));
    if (!done) return drawn;
    setImmediate(done, null, drawn);
  };
  const uuid = () => randomUUID({ disableEntropyCache: true });
  crypto.randomUUID = uuid;
  defineProperty(webcrypto, 'randomUUID', { value: uuid, writable: true, configurable: true });
}

function load(program) {
  ({ file, output_bytes: outputBytes, seed: chance } = program);
  if (program.now_ms !== null) native.freeze(...program.now_ms);
  if (chance !== null) {
    seedCrypto();
    drawFrom(-1, -1);
  }
  ownFrame = new RegExp(`^ +at .*\\b${literally(file)}:(\\d+):\\d+`);
  realm.cellblock.attempt = program.attempt;
  realm.cellblock.idempotencyKey = program.idempotency_key;
  const name = program.entrypoint;
  const { module } = realm;
  running = TOP_LEVEL_RUNS;
  let body;
  try {
    body = compile(program.code, name);
  } catch (error) {
    return fail(error, describeSyntax);
  }
  try {
    const own = apply(body, module.exports, [module.exports, realm.require, module]);
    const exported = module.exports;
    main = [own, exported, exported?.[name]].find((value) => typeof value === 'function') ?? own ?? exported?.[name];
  } catch (error) {
    return fail(error);
  }
  if (typeof main !== 'function') {
    return fail(main === undefined
      ? { name: 'ReferenceError', message: `the program defines no function named "${name}"` }
      : { name: 'TypeError', message: `"${name}" is ${kindOf(main)}, not a function` });
  }
  setImmediate(() => { // a turn later: a rejection that the top level left unhandled is its own fault
    writeU32(outbox, 0, 0);
    outbox[4] = LOADED;
    write(outbox, 5);
    running = NOBODY;
    serve();
  });
}

process.on('uncaughtException', (error) => fail(error));
process.on('unhandledRejection', (reason) => fail(reason));
process.on('beforeExit', () => {
  if (running !== ITEM_RUNS) return;
  const message = 'the promise that main returned never settled, and nothing is left that could settle it';
  finish(UNSETTLED, toJson({ message }));
});
process.removeAllListeners('warning'); // Node's own would open fd 2 as a stream
process.on('warning', (warning) => log(2, `${warning.name}: ${warning.message}\n`));

// ------------------------------------------------------------------------------------------------------------- start

/** Goes on in the process that has the job, with only the rights that the job may have. */
function start() {
  if (take() !== PROGRAM) native.exit(1);
  // Now, since a process may wait for its program as long as nobody has one.
  startedAt = hostNow();
  realm.performance.timeOrigin = performance.timeOrigin + startedAt;
  load(fromJson(decode(inbox, payloadAt, payloadEnd)));
}

function startJob() {
  seedRandom();
  setImmediate(start);
}

const WARM_UP = `
async function main({ text, n = 3 }) {
  console.log(text, n, [text], { n });
  const items = Array.from({ length: n }, (_, i) => ({ i, text: text.replace(/[a-z]/g, (c) => c.toUpperCase()) }));
  const dates = [new Date(0).toISOString(), new Date(0).toLocaleString(), n.toLocaleString(), text.localeCompare('b')];
  await new Promise((resolve) => setTimeout(resolve, 0));
  return { items, dates, copy: JSON.parse(JSON.stringify(items)), map: [...new Map([[1, 2]]), ...new Set(text)] };
}`;

/**
 * Runs a program as a job would: what Node, V8 and this file do the first time is then done, and the pages that they
 * write are written, before the first fork. Its frames are put where a job's would be read to; its answers go to /dev/null.
 */
function warmUp() {
  for (const name of ALLOWED_MODULES) if (name !== 'cellblock' && name !== 'punycode') require(name);
  for (const name in lateGlobals) lateGlobals[name]();
  handWarmUp();
  finished = coolDown;
  start();
}

function handWarmUp() {
  const program = { file: 'main.js', code: WARM_UP, entrypoint: 'main', output_bytes: 1 << 20, attempt: 1, seed: null, now_ms: null };
  const item = `${'\0'.repeat(8)}{"text": "warm"}`;
  for (const [kind, text] of [[PROGRAM, toJson(program)], [ITEM, item], [ITEM, item], [END, '']]) {
    const size = encodeInto(inbox, text, inboxEnd + 5);
    writeU32(inbox, size, inboxEnd);
    inbox[inboxEnd + 4] = kind;
    inboxEnd += 5 + size;
  }
}

/** Puts everything back to where a program has not been, and collects the garbage. */
function coolDown() {
  main = undefined;
  inboxAt = inboxEnd = turn = 0;
  itemIndex.fill(0xff);
  realm.module.exports = inContext('({})');
  delete realm.cellblock.item;
  require('v8').setFlagsFromString('--expose-gc');
  vm.runInNewContext('gc')();
  // What V8 has posted to the event loop is to be done: a wake-up that is pending in a fork is never delivered.
  setTimeout(becomeTemplate, 20);
}

/** Makes a template of this process. Returns in forks of it: jobs, and one that rehearses a job. */
function becomeTemplate() {
  let ruleset = RULESET_FD;
  try {
    fstatSync(RULESET_FD);
  } catch {
    ruleset = -1;
  }
  finished = leave;
  if (native.zygote(TEMPLATE_FD, PROC_FD, ruleset) === REHEARSAL) handWarmUp();
  startJob();
}

if (process.argv[3] !== undefined) {
  warmUp();
} else {
  native.enter(CONTROL_FD);
  startJob();
}

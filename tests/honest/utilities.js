// expect: succeeded
// output: {"inspected": "{\n  a: [ 1, { b: Map(1) { 'k' => 1 } } ]\n}", "formatted": "ann has 2", "path": "/b/c.txt", "decoded": "é", "done": "all", "seen": [1]}
// why: util, events, path, assert, querystring, string_decoder: pure modules that programs use
const util = require('util');
const path = require('path');
const assert = require('assert');
const { EventEmitter, once } = require('events');
const { StringDecoder } = require('string_decoder');

async function main() {
  const emitter = new EventEmitter();
  const seen = [];
  emitter.on('n', (n) => seen.push(n));
  queueMicrotask(() => emitter.emit('done', 'all'));
  emitter.emit('n', 1);
  const [done] = await once(emitter, 'done');
  assert.deepStrictEqual(seen, [1]);
  return {
    inspected: util.inspect({ a: [1, { b: new Map([['k', 1]]) }] }, { depth: 5 }),
    formatted: util.format('%s has %d', 'ann', 2),
    path: path.join('/a', '../b', 'c.txt'),
    decoded: new StringDecoder('utf8').write(Buffer.from('é')),
    done,
    seen,
  };
}

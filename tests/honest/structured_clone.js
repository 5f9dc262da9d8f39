// expect: succeeded
// output: {"when": "1970-01-01T00:00:00.000Z", "set": [1, 2], "original": 1, "bytes": [1, 2, 3], "cycle": true}
// why: structuredClone keeps types and cycles
async function main() {
  const original = { when: new Date(0), set: new Set([1, 2]), map: new Map([['a', { b: 1 }]]), bytes: new Uint8Array([1, 2, 3]) };
  original.self = original;
  const copy = structuredClone(original);
  copy.map.get('a').b = 2;
  return {
    when: copy.when.toISOString(),
    set: [...copy.set],
    original: original.map.get('a').b,
    bytes: Array.from(copy.bytes),
    cycle: copy.self === copy,
  };
}

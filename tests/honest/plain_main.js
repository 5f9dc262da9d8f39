// expect: succeeded
// inputs: {"text": "abc", "__proto__": {"polluted": true}, "constructor": 1}
// output: {"text": "abc", "count": 10, "polluted": false, "own": true}
// why: main need not be async; an input called __proto__ is data
function main({ text, count = 10, ...others }) {
  return { text, count, polluted: 'polluted' in {}, own: Object.hasOwn(others, '__proto__') };
}

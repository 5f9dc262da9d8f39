// expect: succeeded
// output: {"counts": {"a": 3, "b": 1, "c": 1}, "words": ["a", "b", "n"], "money": "12.50", "date": "1970-01-01T00:00:00.000Z", "holes": [1, null, null, null], "grouped": ["x=1", "y=2"]}
// why: what JSON.stringify does with dates, undefined, toJSON and holes is what the client gets
class Money {
  constructor(cents) {
    this.cents = cents;
  }
  toJSON() {
    return (this.cents / 100).toFixed(2);
  }
}

async function main() {
  const counts = new Map();
  for (const word of 'a b a c a'.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
  return {
    counts: Object.fromEntries(counts),
    words: [...new Set('banana')].sort(),
    money: new Money(1250),
    date: new Date(0),
    gone: undefined,
    holes: [1, , undefined, () => 1],
    grouped: Object.entries({ x: 1, y: 2 }).map(([key, value]) => `${key}=${value}`),
  };
}

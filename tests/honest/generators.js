// expect: succeeded
// output: {"all": [10, 20, 21, 30, 31, 32], "first": 10, "rest": 4, "counter": [1, 2]}
// why: async generators, iterators, destructuring, classes with private fields, labelled loops
class Counter {
  #n = 0;
  static zero = new Counter();
  get next() {
    return ++this.#n;
  }
}

async function* pages(count) {
  for (let page = 1; page <= count; page++) {
    await null;
    yield Array.from({ length: page }, (_, at) => page * 10 + at);
  }
}

async function main() {
  const all = [];
  for await (const page of pages(3)) all.push(...page);
  const [first, , ...rest] = all;
  return { all, first, rest: rest.length, counter: [Counter.zero.next, Counter.zero.next] };
}

// expect: succeeded
// output: {"order": ["micro", "early", "late"], "immediates": 1, "ticks": 3}
// why: timers fire in order, can be cleared, and leave an honest result when one is still pending
async function main() {
  const order = [];
  const wait = (ms, name) => new Promise((done) => setTimeout(() => done(order.push(name)), ms));
  clearTimeout(setTimeout(() => order.push('cleared'), 1));
  queueMicrotask(() => order.push('micro'));
  // It comes before a timer only where the machine is not slow.
  let immediates = 0;
  setImmediate(() => immediates++);
  setTimeout(() => {}, 60_000);
  await Promise.all([wait(60, 'late'), wait(20, 'early')]);
  let ticks = 0;
  await new Promise((done) => {
    const interval = setInterval(() => ++ticks === 3 && (clearInterval(interval), done()), 2);
  });
  return { order, immediates, ticks };
}

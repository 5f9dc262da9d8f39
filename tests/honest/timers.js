// expect: succeeded
// output: {"order": ["micro", "immediate", "early", "late"], "ticks": 3}
// why: timers fire in order, can be cleared, and leave an honest result when one is still pending
async function main() {
  const order = [];
  const wait = (ms, name) => new Promise((done) => setTimeout(() => done(order.push(name)), ms));
  clearTimeout(setTimeout(() => order.push('cleared'), 1));
  queueMicrotask(() => order.push('micro'));
  setImmediate(() => order.push('immediate'));
  setTimeout(() => {}, 60_000);
  await Promise.all([wait(60, 'late'), wait(20, 'early')]);
  let ticks = 0;
  await new Promise((done) => {
    const interval = setInterval(() => ++ticks === 3 && (clearInterval(interval), done()), 2);
  });
  return { order, ticks };
}

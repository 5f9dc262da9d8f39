// expect: succeeded
// why: a timer that another job left running would count here
async function main() {
  const seen = globalThis.ticks !== undefined;
  globalThis.ticks = 0;
  setInterval(() => globalThis.ticks++, 1);
  return { escaped: seen, detail: seen };
}

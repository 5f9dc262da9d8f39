// expect: succeeded
// output: {"value": "slept", "raced": "fast"}
// why: timers/promises is on the list of modules
const { setTimeout: sleep } = require('timers/promises');

async function main() {
  const value = await sleep(10, 'slept');
  const raced = await Promise.race([sleep(500, 'slow'), sleep(5, 'fast')]);
  return { value, raced };
}

// expect: no_result | failed | timed_out
// limits: {"wall_ms": 1500}
// why: a promise that never settles, with nothing left to run
async function main() {
  await new Promise(() => {});
}

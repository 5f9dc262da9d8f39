// expect: timed_out
// limit: wall
// limits: {"wall_ms": 700}
// why: a promise that never resolves while an interval keeps the loop alive
async function main() {
  setInterval(() => {}, 10);
  await new Promise(() => {});
}

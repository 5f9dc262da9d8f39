// expect: no_result | failed | timed_out | bad_result
// limits: {"wall_ms": 1000}
// why: a result with a then of its own, which never calls back
async function main() {
  return { then() {} };
}

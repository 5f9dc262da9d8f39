// expect: succeeded | no_result | timed_out
// limits: {"wall_ms": 500}
// why: leaving with status 0 past all handlers; Node may wait for threads that a fork does not have
async function main() {
  let host;
  try {
    host = Buffer.constructor('return process')();
  } catch {}
  if (!host?.versions) return { escaped: false, detail: 'the guard holds' };
  host.removeAllListeners();
  host.reallyExit(0);
  return { escaped: true, detail: 'still here' };
}

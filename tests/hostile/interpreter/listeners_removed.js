// expect: exited | failed | no_result | timed_out
// limits: {"wall_ms": 500}
// why: the harness's handlers for what nobody catches are taken away, and then something is thrown
async function main() {
  let host;
  try {
    host = Buffer.constructor('return process')();
  } catch {}
  if (!host?.versions) throw new Error('the guard holds');
  host.removeAllListeners();
  setTimeout(() => { throw new Error('caught by nobody'); }, 1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  return { escaped: true, detail: 'still here' };
}

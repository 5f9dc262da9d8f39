// expect: succeeded | failed | timed_out | signalled | no_result | exited | memory_killed
// limits: {"wall_ms": 1000}
// why: a thread with a realm and an event loop of its own, if process can be had at all
async function main() {
  let host;
  try {
    host = Buffer.constructor('return process')();
  } catch {}
  if (!host?.versions) return { escaped: false, detail: 'the guard holds' };
  const load = (name) => host.getBuiltinModule?.(name) ?? host.mainModule.require(name);
  const text = `
    const works = (attempt) => { try { return attempt(), true; } catch { return false; } };
    require('worker_threads').parentPort.postMessage([
      works(() => require('fs').readFileSync('/etc/passwd')),
      works(() => require('fs').writeFileSync('/mark', 'x')),
      require('child_process').spawnSync('/usr/bin/node', ['--version']).status === 0,
    ]);`;
  const worker = new (load('worker_threads').Worker)(text, { eval: true });
  const worked = await new Promise((done) => worker.on('message', done).on('error', (error) => done([String(error)])));
  return { escaped: worked.includes(true), detail: ['the guard fell', worked] };
}

// expect: succeeded | failed | timed_out | signalled | no_result | exited
// limits: {"wall_ms": 1000}
// why: the debugger opens a port and takes commands, if process can be had at all
async function main() {
  let host;
  try {
    host = Buffer.constructor('return process')();
  } catch {}
  if (!host?.versions) return { escaped: false, detail: 'the guard holds' };
  const load = (name) => host.getBuiltinModule?.(name) ?? host.mainModule.require(name);
  const works = (attempt) => { try { return attempt(), true; } catch { return false; } };
  const inspector = load('inspector');
  const signalled = works(() => host.kill(host.pid, 'SIGUSR1'));
  const opened = works(() => inspector.open(0, '127.0.0.1', false)) && inspector.url() !== undefined;
  const attached = works(() => host._debugProcess(1));
  return { escaped: opened || attached, detail: ['the guard fell', { signalled, opened, attached }] };
}

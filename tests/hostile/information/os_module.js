// expect: succeeded
// why: what Node's own modules find out about the host, if they can be had at all
async function main() {
  let host;
  try {
    host = Buffer.constructor('return process')();
  } catch {}
  if (!host?.versions) return { escaped: false, detail: 'the guard holds' };
  const load = (name) => host.getBuiltinModule?.(name) ?? host.mainModule.require(name);
  const os = load('os');
  const ask = (question) => { try { return question(); } catch (error) { return undefined; } };
  const told = {
    name: ask(() => os.hostname()) !== 'cell',
    interfaces: Object.keys(ask(() => os.networkInterfaces()) ?? {}).some((name) => name !== 'lo'),
    load: (ask(() => os.loadavg()) ?? []).some((number) => number > 0),
    user: ask(() => os.userInfo().username) !== undefined,
    // Where it is itself it may know.
    title: /\/home\/|\/root\//.test((host.title + host.argv.join() + host.execArgv.join()).replaceAll(host.execPath, '')),
    home: ask(() => os.homedir()) !== '/',
    environment: Object.keys(host.env).some((name) => !/^(HOME|LANG|TZ|LD_PRELOAD|(OPENBLAS|OMP|MKL)_NUM_THREADS)$/.test(name)),
  };
  return { escaped: Object.values(told).includes(true), detail: ['the guard fell', told] };
}

// expect: succeeded
// why: marks in the realm of the harness, which a program can reach: globals, process, listeners, contexts, channels
async function main() {
  let host;
  try {
    host = Buffer.constructor('return process')();
  } catch {}
  if (!host?.versions) return { escaped: false, detail: 'the guard holds' };
  const load = (name) => host.getBuiltinModule?.(name) ?? host.mainModule.require(name);
  const outer = Buffer.constructor('return globalThis')();
  const { AsyncLocalStorage, createHook } = load('async_hooks');
  const channel = load('diagnostics_channel').channel('left-behind');
  const seen = {
    global: outer.leftBehind !== undefined,
    process: host.leftBehind !== undefined || host.env.LEFT !== undefined || host.env.TZ !== 'UTC',
    listeners: host.listenerCount('left') > 0 || host.listenerCount('exit') > 20,
    module: load('fs').leftBehind !== undefined,
    storage: outer.leftStorage?.getStore() !== undefined,
    channel: channel.hasSubscribers,
    directory: host.cwd() !== '/' || host.umask() === 0o77,
  };
  outer.leftBehind = host.leftBehind = load('fs').leftBehind = true;
  host.env.LEFT = '1';
  host.env.TZ = 'Asia/Tokyo';
  for (let n = 0; n < 21; n++) host.on('left', () => {}).on('exit', () => {});
  outer.leftStorage = new AsyncLocalStorage();
  outer.leftStorage.enterWith('left');
  createHook({ init() {} }).enable();
  channel.subscribe(() => {});
  host.umask(0o77);
  return { escaped: Object.values(seen).includes(true), detail: ['the guard fell', seen] };
}

// expect: succeeded | syscall_denied | failed
// why: if process can be had at all, its bindings must fail at the kernel
async function main() {
  let host;
  for (const object of [console.log, setTimeout, Buffer, URL, structuredClone({}), crypto]) {
    try {
      host ??= object.constructor.constructor('return process')();
    } catch {}
  }
  if (!host?.versions) return { escaped: false, detail: 'the guard holds' };
  const worked = [];
  const attempts = {
    tcp: () => {
      const { TCP, constants } = host.binding('tcp_wrap');
      if (new TCP(constants.SERVER).bind('127.0.0.1', 0) !== 0) throw new Error('refused');
    },
    chdir: () => host.chdir('/proc'),
    kill: () => host.kill(1, 'SIGKILL'),
    setuid: () => host.setuid(0),
  };
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      attempt();
      worked.push(name);
    } catch {}
  }
  return { escaped: worked.length > 0, detail: ['the guard fell', worked] };
}

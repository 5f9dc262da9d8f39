// expect: succeeded | syscall_denied
// why: if process can be had at all, a child process must fail at the kernel
async function main() {
  let host;
  for (const object of [console.log, setTimeout, Buffer, URL, structuredClone({}), crypto]) {
    try {
      host ??= object.constructor.constructor('return process')();
    } catch {}
  }
  if (!host?.versions) return { escaped: false, detail: 'the guard holds' };
  const load = (name) => host.getBuiltinModule?.(name) ?? host.mainModule.require(name);
  const { status, error } = load('child_process').spawnSync('/usr/bin/node', ['--version']);
  return { escaped: status === 0, detail: ['the guard fell', status, String(error)] };
}

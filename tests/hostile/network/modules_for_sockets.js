// expect: succeeded
// why: every module and global that opens connections
async function main() {
  const names = ['net', 'dgram', 'dns', 'dns/promises', 'tls', 'http', 'https', 'http2', 'node:net', 'node:http', 'cluster'];
  const loaded = names.filter((name) => {
    try {
      return require(name);
    } catch {
      return false;
    }
  });
  const globals = ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'].filter((name) => typeof globalThis[name] === 'function');
  return { escaped: loaded.length + globals.length > 0, detail: [...loaded, ...globals] };
}

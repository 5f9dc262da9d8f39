// expect: succeeded
// why: one request is enough to leak
async function main() {
  const reached = [];
  for (const url of ['http://127.0.0.1:9090/metrics', 'http://169.254.169.254/latest/meta-data/', 'http://[::1]:6379/']) {
    try {
      await globalThis.fetch(url);
      reached.push(url);
    } catch {}
  }
  return { escaped: reached.length > 0, detail: reached };
}

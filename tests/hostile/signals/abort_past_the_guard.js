// expect: succeeded | signalled
// signal: 6
// why: an abort of the program's own, with V8's last words before it, is not the end of its heap
async function main() {
  let host;
  try {
    host = Buffer.constructor('return process')();
  } catch {}
  if (!host?.versions) return { escaped: false, detail: 'the guard holds' };
  host.abort();
  return { escaped: true, detail: 'still here' };
}

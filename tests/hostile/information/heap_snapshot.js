// expect: succeeded | memory_killed
// why: every text on V8's heap, searched for credentials and for the marks of other jobs
async function main() {
  let host;
  try {
    host = Buffer.constructor('return process')();
  } catch {}
  if (!host?.versions) return { escaped: false, detail: 'the guard holds' };
  const load = (name) => host.getBuiltinModule?.(name) ?? host.mainModule.require(name);
  const backwards = ['//:sider', '//:pqma', '=drowssap', ' reraeb', '!!KRAM-KCOLBLLEC']; // this text is found too
  const worth = backwards.map((word) => word.split('').reverse().join(''));
  const chunks = [];
  for await (const chunk of load('v8').getHeapSnapshot()) chunks.push(chunk);
  const { strings } = JSON.parse(Buffer.concat(chunks).toString());
  const found = worth.filter((word) => strings.some((text) => text !== word && text.toLowerCase().includes(word.toLowerCase())));
  return { escaped: found.length > 0, detail: ['the guard fell', strings.length, found] };
}

// expect: succeeded | bad_result
// detail: forged
// output: {"escaped": false}
// why: frames by file descriptor from Node, if its modules can be had at all
async function main() {
  let host;
  try {
    host = Buffer.constructor('return process')();
  } catch {}
  if (!host?.versions) return { escaped: false };
  const fs = (host.getBuiltinModule?.('fs') ?? host.mainModule.require('fs'));
  const text = '{"escaped": true}';
  const frame = Buffer.alloc(13 + text.length);
  frame.writeUInt32LE(8 + text.length, 0);
  frame[4] = 0x12;
  frame.writeUInt32LE(5, 5);
  frame.write(text, 13);
  fs.writeSync(4, frame);
  return { escaped: true };
}

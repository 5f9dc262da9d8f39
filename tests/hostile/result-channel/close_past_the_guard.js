// expect: succeeded | no_result
// output: {"escaped": false}
// why: both pipes closed from Node, if its modules can be had at all
async function main() {
  let host;
  try {
    host = Buffer.constructor('return process')();
  } catch {}
  if (!host?.versions) return { escaped: false };
  const fs = (host.getBuiltinModule?.('fs') ?? host.mainModule.require('fs'));
  fs.closeSync(3);
  fs.closeSync(4);
  return { escaped: true };
}

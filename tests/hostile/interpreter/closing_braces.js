// expect: failed
// error: SyntaxError
// why: code that closes whatever it might be wrapped in
}); globalThis.main = async () => ({ escaped: true }); (() => {

async function main() {
  return { escaped: true };
}

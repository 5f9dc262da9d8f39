// expect: failed
// why: a program without the entry point
async function other() {
  return {};
}

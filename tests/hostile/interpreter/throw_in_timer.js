// expect: succeeded | failed | exited
// why: an exception thrown from a timer, outside of main's promise
async function main() {
  setTimeout(() => {
    throw new Error('from a timer');
  }, 1);
  await new Promise((done) => setTimeout(done, 30));
  return { escaped: false };
}

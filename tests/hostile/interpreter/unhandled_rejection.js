// expect: succeeded | failed
// why: a rejection that nobody handles, while main succeeds
async function main() {
  Promise.reject(new Error('nobody cares'));
  await new Promise((done) => setTimeout(done, 20));
  return { escaped: false };
}

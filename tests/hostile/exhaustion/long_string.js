// expect: succeeded
// why: a string longer than V8 allows is an error that can be caught
async function main() {
  try {
    'x'.repeat(2 ** 30);
    return { escaped: false, detail: 'allowed' };
  } catch (error) {
    return { escaped: false, detail: error.name };
  }
}

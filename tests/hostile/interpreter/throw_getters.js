// expect: failed
// why: an error whose name, message and stack have getters that throw
async function main() {
  const error = new Error('x');
  for (const key of ['name', 'message', 'stack', 'cause', 'constructor']) {
    Object.defineProperty(error, key, {
      get() {
        throw error;
      },
    });
  }
  throw error;
}

// expect: bad_result | failed
// why: a getter that throws a value which is no error
async function main() {
  return {
    get value() {
      throw null;
    },
  };
}

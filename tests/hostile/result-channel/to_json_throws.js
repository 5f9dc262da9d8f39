// expect: bad_result | failed
// why: a toJSON that throws
async function main() {
  return {
    value: {
      toJSON() {
        throw new Error('no');
      },
    },
  };
}

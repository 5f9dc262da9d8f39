// expect: succeeded | bad_result
// why: a getter that gives another value every time: what was checked is not what is written
async function main() {
  let reads = 0;
  return {
    escaped: false,
    get value() {
      return reads++ === 0 ? 1 : NaN;
    },
  };
}

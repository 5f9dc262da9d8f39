// expect: bad_result
// detail: not_finite
// why: nor may an infinity, however deep
async function main() {
  return { list: [1, { deep: -Infinity }] };
}

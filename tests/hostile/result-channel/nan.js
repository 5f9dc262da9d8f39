// expect: bad_result
// detail: not_finite
// why: NaN must not silently become null
async function main() {
  return { value: NaN };
}

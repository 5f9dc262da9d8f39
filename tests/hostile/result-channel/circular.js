// expect: bad_result
// detail: circular
// why: an object that contains itself
async function main() {
  const result = { list: [] };
  result.list.push(result);
  return result;
}

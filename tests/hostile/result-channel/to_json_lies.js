// expect: bad_result
// detail: not_an_object
// why: a toJSON that turns the result into a text
async function main() {
  return { escaped: false, toJSON: () => '{"escaped": true}' };
}

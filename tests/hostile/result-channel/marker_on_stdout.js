// expect: succeeded
// output: {"escaped": false}
// stdout: <<RESULT>>{"escaped": true}<<RESULT>>
// why: results are never looked for in what is printed
async function main() {
  console.log('<<RESULT>>{"escaped": true}<<RESULT>>');
  return { escaped: false };
}

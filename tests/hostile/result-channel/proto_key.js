// expect: succeeded
// inputs: {"value": {"__proto__": {"admin": true}}}
// output: {"escaped": false, "value": {"__proto__": {"admin": true}}}
// why: __proto__ as an input is a key like others, and goes out again as one
async function main({ value }) {
  return { escaped: {}.admin === true || value.admin === true, value };
}

// expect: succeeded
// output: {"escaped": false}
// why: names that the harness may use, declared again by the program
var __cellblock = 1;
let frame = 2;
const write = 3;
class Harness {}
function send() {
  return { escaped: true };
}
var undefined_ = void 0;
globalThis.Promise = globalThis.JSON = globalThis.Object = globalThis.Error = null;

async function main() {
  return { escaped: false };
}

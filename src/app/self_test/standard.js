// Uses what programs use most of Node.js. `main` names what is broken here; `drawn` differs between runs.
const crypto = require('crypto');

const EMPTY_MODULE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);

const uses = {
  Intl: () => new Intl.NumberFormat('en-US').format(1234.5) === '1,234.5',
  Date: () => new Date(Date.UTC(2024, 1, 29)).toISOString().startsWith('2024-02-29') && new Date().getFullYear() > 2000,
  crypto: () => crypto.createHash('sha256').update('a').digest('hex').startsWith('ca978112'),
  zlib: () => require('zlib').gunzipSync(require('zlib').gzipSync('é')).toString() === 'é',
  timers: async () => (await new Promise((done) => setTimeout(done, 1, 42))) === 42,
  BigInt: () => 2n ** 64n === 18446744073709551616n,
  WebAssembly: async () => (await WebAssembly.instantiate(EMPTY_MODULE)).instance instanceof WebAssembly.Instance,
  structuredClone: () => structuredClone(new Map([[1, 2]])).get(1) === 2,
  RegExp: () => 'é@home'.replace(/(\p{L}+)@\w+/u, '$1') === 'é',
};

async function main() {
  const broken = [];
  for (const [name, use] of Object.entries(uses)) {
    console.log(name);
    try {
      if (!(await use())) broken.push(`${name} gives a wrong answer`);
    } catch (error) {
      broken.push(`${name}: ${error}`);
    }
  }
  return { broken, drawn: [Math.random(), crypto.randomUUID()] };
}

// expect: succeeded
// output: {"md5": "900150983cd24fb0d6963f7d28e17f72", "sha512": "ddaf35a193617aba", "hmac": "6e9ef29b75fffc5b", "derived": "0a38253555ce37f5", "random": 16, "equal": true}
// why: the crypto module: hashes, HMAC, key derivation, random bytes
const { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } = require('crypto');

async function main() {
  return {
    md5: createHash('md5').update('abc').digest('hex'),
    sha512: createHash('sha512').update('abc').digest('hex').slice(0, 16),
    hmac: createHmac('sha256', 'key').update('message').digest('hex').slice(0, 16),
    derived: pbkdf2Sync('pw', 'salt', 1000, 8, 'sha256').toString('hex'),
    random: randomBytes(16).length,
    equal: timingSafeEqual(Buffer.from('a'), Buffer.from('a')),
  };
}

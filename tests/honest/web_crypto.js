// expect: succeeded
// output: {"sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "hmac": "9c196e32dc0175f8", "opened": "abc", "random": true, "uuids": 100}
// why: WebCrypto: digest, HMAC, AES-GCM, random values and UUIDs
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

async function main() {
  const text = new TextEncoder().encode('abc');
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode('key'), hmac, false, ['sign']);
  const aes = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt', 'decrypt']);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, aes, text);
  const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, aes, sealed);
  return {
    sha256: hex(await crypto.subtle.digest('SHA-256', text)),
    hmac: hex(await crypto.subtle.sign('HMAC', key, text)).slice(0, 16),
    opened: new TextDecoder().decode(opened),
    random: new Set(crypto.getRandomValues(new Uint8Array(64))).size > 16,
    uuids: new Set(Array.from({ length: 100 }, () => crypto.randomUUID())).size,
  };
}

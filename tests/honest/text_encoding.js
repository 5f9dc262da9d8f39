// expect: succeeded
// inputs: {"text": "Grüße 🦉\u0000end"}
// output: {"text": "Grüße 🦉\u0000end", "bytes": 16, "back": true, "latin": "Grü", "points": 11, "plain": "Creme Brulee", "base64": "aGVsbG8=hi"}
// why: Unicode in and out whole, NUL included; TextEncoder, TextDecoder, normalisation, base64
async function main({ text }) {
  const bytes = new TextEncoder().encode(text);
  return {
    text,
    bytes: bytes.length,
    back: new TextDecoder('utf-8', { fatal: true }).decode(bytes) === text,
    latin: new TextDecoder('latin1').decode(new Uint8Array([0x47, 0x72, 0xfc])),
    points: [...text].length,
    plain: 'Crème Brûlée'.normalize('NFD').replace(/\p{M}/gu, ''),
    base64: btoa('hello') + atob('aGk='),
  };
}

// expect: succeeded
// why: marks on the global object and on every prototype, looked for first
async function main() {
  const places = [globalThis, Object.prototype, Array.prototype, Promise, JSON, Math, Intl, console, Buffer, crypto, URL.prototype];
  const seen = places.map((place) => Object.hasOwn(place, 'leftBehind'));
  for (const place of places) {
    try {
      Object.defineProperty(place, 'leftBehind', { value: true, enumerable: false });
    } catch {}
  }
  return { escaped: seen.includes(true), detail: seen };
}

// expect: failed | succeeded
// why: main is replaced after it was called, and by an accessor
let calls = 0;
Object.defineProperty(globalThis, 'main', { get: () => async () => ({ escaped: calls++ > 0 }), configurable: true });

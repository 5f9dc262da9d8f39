// expect: succeeded
// output: {"aborted": "AbortError", "dispatched": 1}
// why: AbortController, EventTarget and friends
async function main() {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 5);
  const aborted = await new Promise((done) => controller.signal.addEventListener('abort', () => done(controller.signal.reason.name)));
  const target = new EventTarget();
  let dispatched = 0;
  target.addEventListener('ping', () => dispatched++, { once: true });
  target.dispatchEvent(new Event('ping'));
  target.dispatchEvent(new Event('ping'));
  return { aborted, dispatched };
}

// expect: succeeded
// why: defaults that Node's modules keep for everybody
async function main() {
  const [events, util, stream, buffer] = ['events', 'util', 'stream', 'buffer'].map((name) => require(name));
  const water = () => stream.getDefaultHighWaterMark?.(false);
  const seen = [
    events.defaultMaxListeners === 7,
    events.captureRejections === true,
    util.inspect.defaultOptions.depth === 7,
    Buffer.poolSize === 7777,
    buffer.INSPECT_MAX_BYTES === 7,
    Error.stackTraceLimit === 7,
    water() === 7777,
    new Intl.DateTimeFormat().resolvedOptions().timeZone !== 'UTC',
  ];
  events.defaultMaxListeners = 7;
  events.captureRejections = true;
  util.inspect.defaultOptions.depth = 7;
  Buffer.poolSize = 7777;
  buffer.INSPECT_MAX_BYTES = 7;
  Error.stackTraceLimit = 7;
  stream.setDefaultHighWaterMark?.(false, 7777);
  return { escaped: seen.includes(true), detail: seen };
}

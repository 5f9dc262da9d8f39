// expect: succeeded
// why: memory that is not cleared: the pool of small buffers and fresh large ones
async function main() {
  const mark = Buffer.from([67, 69, 76, 76, 45, 77, 65, 82, 75]);
  let seen = 0;
  const kept = [];
  for (const size of [64, 4096, 1 << 20]) {
    for (let n = 0; n < 8; n++) {
      const buffer = Buffer.allocUnsafe(size);
      if (buffer.includes(Buffer.concat([mark, mark]))) seen++;
      kept.push(buffer);
    }
  }
  for (const buffer of kept) buffer.fill(mark);
  return { escaped: seen > 0, detail: seen };
}

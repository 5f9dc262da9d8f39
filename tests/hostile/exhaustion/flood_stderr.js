// expect: output_exceeded
// limit: output
// detail: stderr
// why: a flood on the other stream
async function main() {
  for (;;) console.error('x'.repeat(4096));
}

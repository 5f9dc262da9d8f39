// expect: output_exceeded
// limit: output
// detail: stdout
// why: a flood of lines from a loop that never yields
async function main() {
  for (;;) console.log('all work and no play');
}

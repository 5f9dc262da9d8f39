// expect: timed_out
// limit: wall
// limits: {"wall_ms": 700}
// why: the deadline covers the program's top level too
for (;;);

async function main() {
  return {};
}

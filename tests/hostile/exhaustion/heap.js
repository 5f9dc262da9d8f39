// expect: memory_killed | memory_error
// limits: {"memory_bytes": 134217728}
// why: V8's heap against the limit: always a memory outcome, whoever notices first
async function main() {
  const kept = [];
  for (;;) kept.push({ text: 'x'.repeat(100) + kept.length });
}

// expect: memory_killed | memory_error
// why: one array that grows without an end
async function main() {
  const list = [];
  for (let n = 0; ; n++) list.push(n + 0.5);
}

// expect: succeeded
// output: {"lines": [{"level": "INFO", "part": "db", "text": "up"}, {"level": "WARN", "part": "net", "text": "slow: 350 ms"}], "number": "350", "letters": ["a", "ß", "Ж"]}
// why: named groups, look-behind, sticky and Unicode flags
async function main() {
  const log = 'INFO [db] up\nWARN [net] slow: 350 ms';
  const lines = [...log.matchAll(/^(?<level>[A-Z]+) \[(?<part>\w+)\] (?<text>.+)$/gm)].map((match) => ({ ...match.groups }));
  return { lines, number: /(?<=: )\d+/.exec(log)[0], letters: 'aßЖ1'.match(/\p{L}/gu) };
}

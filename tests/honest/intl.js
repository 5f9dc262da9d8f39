// expect: succeeded
// output: {"number": "1.234.567,891", "money": "9,50 €", "berlin": "Sonntag, 10. März 2024 um 10:30", "york": "Sonntag, 10. März 2024 um 05:30", "plural": "few", "sorted": ["a", "ä", "z"], "list": "a, b, and c", "zone": "UTC"}
// why: Intl has its full data: locales, time zones, plural rules, collation
async function main() {
  const moment = new Date('2024-03-10T09:30:00Z');
  const clock = (timeZone) => new Intl.DateTimeFormat('de-DE', { dateStyle: 'full', timeStyle: 'short', timeZone }).format(moment);
  return {
    number: new Intl.NumberFormat('de-DE').format(1234567.891),
    money: new Intl.NumberFormat('de-DE', { style: 'currency', currency: 'EUR' }).format(9.5),
    berlin: clock('Europe/Berlin'),
    york: clock('America/New_York'),
    plural: new Intl.PluralRules('pl').select(3),
    sorted: ['z', 'ä', 'a'].sort(new Intl.Collator('de').compare),
    list: new Intl.ListFormat('en').format(['a', 'b', 'c']),
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

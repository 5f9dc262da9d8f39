const HOUR_MS = 3_600_000;
const LONG_DATE = new Intl.DateTimeFormat('en-US', {
  weekday: 'long',
  year: 'numeric',
  month: 'long',
  day: 'numeric',
  timeZone: 'UTC',
});

function parse(text) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new RangeError(`not a date: ${text}`);
  return date;
}

async function main({ start_date_str, end_date_str }) {
  const start = parse(start_date_str);
  const end = parse(end_date_str);
  const hours = Math.trunc((end - start) / HOUR_MS);
  return {
    start_formatted: LONG_DATE.format(start),
    end_formatted: LONG_DATE.format(end),
    duration_days: Math.trunc(hours / 24),
    duration_hours: hours % 24,
    is_same_month:
      start.getUTCFullYear() === end.getUTCFullYear() && start.getUTCMonth() === end.getUTCMonth(),
  };
}

// One English sentence about a scored strike: the input is what score.py returned.

const DATE = new Intl.DateTimeFormat('en-US', { dateStyle: 'long', timeZone: 'UTC' });
const DOLLARS = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', maximumFractionDigits: 0 });
const DURING = {
  'take-off': 'on take-off',
  climb: 'in the climb',
  approach: 'on approach',
  landing: 'on landing',
  descent: 'in the descent',
  taxi: 'while taxiing',
  parked: 'while parked',
};
const DAMAGE = { none: 'no damage', 'class b': 'class B damage', 'class c': 'class C damage' };

async function main({ trouble, ...strike }) {
  if (trouble !== undefined) misbehave(trouble, strike);
  const story = [
    strike.date ? `On ${DATE.format(new Date(strike.date))},` : 'Once,',
    aircraft(strike),
    'struck',
    animal(strike),
    strike.airport && `at ${strike.airport}`,
    DURING[strike.phase],
    strike.speed_knots && `at ${strike.speed_knots} knots`,
  ];
  const risk = `risk ${strike.risk} (${strike.band})`;
  return { sentence: `${story.filter(Boolean).join(' ')}: ${consequence(strike)}, ${risk}.` };
}

function aircraft({ aircraft, operator }) {
  const type = aircraft ? `an aircraft of type ${aircraft}` : 'an aircraft';
  return operator ? `${type} (${operator})` : type;
}

function animal({ species, size }) {
  if (species && !species.startsWith('Unknown')) return `wildlife (${species})`;
  return size ? `an unidentified bird of ${size} size` : 'an unidentified bird';
}

function consequence({ damage, cost_usd: cost }) {
  const harm = DAMAGE[damage] ?? `${damage} damage`;
  return cost ? `${harm}, ${DOLLARS.format(cost)}` : harm;
}

// What the items of `prepare.py --with-trouble` ask for, handed on by score.py.
function misbehave(trouble, { airport }) {
  if (trouble === 'exception') throw new TypeError(`cannot describe a strike at ${airport}`);
  if (trouble === 'endless loop') for (;;);
}

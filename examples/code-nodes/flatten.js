const isBranch = (value) =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length > 0;

function* leaves(node, path = []) {
  for (const [key, value] of Object.entries(node)) {
    if (isBranch(value)) yield* leaves(value, [...path, key]);
    else yield [[...path, key].join('.'), value];
  }
}

async function main({ nested_json_str }) {
  const flat = Object.fromEntries(leaves(JSON.parse(nested_json_str)));
  const keys = Object.keys(flat);
  return { flattened_json: JSON.stringify(flat), key_count: keys.length, keys };
}

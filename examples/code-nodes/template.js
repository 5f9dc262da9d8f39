async function main({ template, variables = {}, items = [] }) {
  const list = items.map((item, at) => `${at + 1}. ${item}`).join('\n');
  const values = new Map([...Object.entries(variables), ['items', list]]);
  const rendered = template.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (placeholder, name) =>
    values.has(name) ? String(values.get(name)) : placeholder,
  );
  return { rendered };
}

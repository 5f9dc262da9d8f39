function main({ text }) {
  return { upper: text.toUpperCase() };
}

async function main({ text, count = 10, items = [] }) {
  return {
    processedText: text.toUpperCase().slice(0, count),
    wordCount: text.split(' ').length,
    isLong: text.length > 100,
  };
}

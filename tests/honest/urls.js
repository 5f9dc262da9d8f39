// expect: succeeded
// output: {"href": "https://user@example.org:8443/b?x=1&x=2#f", "host": "example.org:8443", "all": ["1", "2"], "query": "q=%C3%BC+b&n=1", "bad": false}
// why: URL and URLSearchParams
async function main() {
  const url = new URL('../b?x=1&x=2#f', 'https://user@example.org:8443/a/c');
  const query = new URLSearchParams({ q: 'ü b', n: 1 });
  return { href: url.href, host: url.host, all: url.searchParams.getAll('x'), query: query.toString(), bad: URL.canParse?.('no url') ?? false };
}

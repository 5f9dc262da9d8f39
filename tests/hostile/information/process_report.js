// expect: succeeded
// why: the diagnostic report lists environment, interfaces, libraries and limits, and is written to a file
async function main() {
  let host;
  try {
    host = Buffer.constructor('return process')();
  } catch {}
  if (!host?.versions) return { escaped: false, detail: 'the guard holds' };
  let written = false;
  try {
    host.report.excludeNetwork = false;
    host.report.writeReport('/report.json');
    written = true;
  } catch {}
  const { header, environmentVariables } = host.report.getReport();
  const names = (header.networkInterfaces ?? []).map(({ name }) => name).filter((name) => name !== 'lo');
  const isOdd = (name) => !/^(HOME|LANG|TZ|LD_PRELOAD|(OPENBLAS|OMP|MKL)_NUM_THREADS)$/.test(name);
  const odd = Object.keys(environmentVariables).filter(isOdd);
  const load = (name) => host.getBuiltinModule?.(name) ?? host.mainModule.require(name);
  const exists = load('fs').existsSync('/report.json');
  return { escaped: exists || names.length > 0 || odd.length > 0 || header.host !== 'cell', detail: ['the guard fell', written, names, odd, header.host] };
}

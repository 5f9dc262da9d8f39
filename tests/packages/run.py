"""Runs an example of each package of requirements.txt in the jail, and says which give the expected answer.

Usage: run.py CELLBLOCK VENV. The first line of an example is its answer, `# expect: JSON`; `# limit: NAME=NUMBER` may follow.
"""

import json
import pathlib
import subprocess
import sys

LIMITS = ["memory_bytes=1073741824", "wall_ms=120000", "cpu_ms=120000"]


def header(path):
    expected, limits = None, []
    for line in path.read_text().splitlines():
        if line.startswith("# expect: "):
            expected = {"v": json.loads(line.removeprefix("# expect: "))}
        elif line.startswith("# limit: "):
            limits.append(line.removeprefix("# limit: "))
    return expected, limits


def run(cellblock, venv, path):
    """What is wrong with an example, or nothing; and the calls that were refused."""
    expected, limits = header(path)
    flags = [flag for limit in LIMITS + limits for flag in ("--limit", limit)]
    command = [cellblock, "--json", "--set", f"runtime.python3.path={venv}/bin/python3", "run", str(path), *flags]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        document = json.loads(done.stdout)
    except ValueError:
        return done.stderr.strip() or f"status {done.returncode}", []
    refused = [call["name"] for call in (document.get("evidence") or {}).get("denied", [])]
    if document.get("outcome") != "succeeded":
        return f"{document.get('outcome')}: {(document.get('error') or {}).get('message')}", refused
    if document.get("output") != expected:
        return f"gave {document.get('output')}", refused
    return None, refused


def main():
    cellblock, venv = sys.argv[1:]
    here = pathlib.Path(__file__).resolve().parent
    examples = sorted(path for path in here.glob("*.py") if path.name != "run.py")
    failed = 0
    for path in examples:
        wrong, refused = run(cellblock, venv, path)
        failed += wrong is not None
        note = f" (refused: {', '.join(refused)})" if refused else ""
        print(f"{'FAILED' if wrong else 'ok':7}{path.stem}{note}{': ' + wrong if wrong else ''}", flush=True)
    print(f"{len(examples) - failed} of {len(examples)} packages work")
    sys.exit(1 if failed or not examples else 0)


main()

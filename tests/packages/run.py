"""Runs an example of each package of requirements.txt in the jail, and says which give the expected answer.

Usage: run.py CELLBLOCK VENV. An example has a header with `output` and perhaps `limits`, as in the README of the tests.
"""

import itertools
import json
import pathlib
import subprocess
import sys

LIMITS = {"memory_bytes": 1 << 30, "wall_ms": 120_000, "cpu_ms": 120_000}


def header(path):
    """The values of the header's keys."""
    lines = itertools.takewhile(lambda line: line.startswith("# "), path.read_text().splitlines())
    return {key: json.loads(value) for key, value in (line[2:].split(": ", 1) for line in lines)}


def run(cellblock, venv, path):
    """What is wrong with an example, or nothing; and the calls that were refused."""
    keys = header(path)
    limits = LIMITS | keys.get("limits", {})
    flags = [flag for limit in limits.items() for flag in ("--limit", "%s=%d" % limit)]
    command = [cellblock, "--json", "--set", f"runtime.python3.path={venv}/bin/python3", "run", str(path), *flags]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        document = json.loads(done.stdout)
    except ValueError:
        return done.stderr.strip() or f"status {done.returncode}", []
    refused = [call["name"] for call in (document.get("evidence") or {}).get("denied", [])]
    if document.get("outcome") != "succeeded":
        return f"{document.get('outcome')}: {(document.get('error') or {}).get('message')}", refused
    if document.get("output") != keys["output"]:
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

"""Runs programs of tests/hostile with `cellblock run` and compares each outcome with the one in its header."""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent.parent


def header(path):
    mark = "# " if path.suffix == ".py" else "// "
    found = {}
    for line in path.read_text(errors="replace").splitlines():
        if not line.startswith(mark):
            return found
        key, _, value = line[len(mark):].partition(": ")
        found.setdefault(key, value)
    return found


def wrong(name):
    """What is not as it must be, or nothing."""
    path = HERE / name
    wanted = header(path)
    limits = json.loads(wanted.get("limits", "{}"))
    command = ["cellblock", "run", str(path), "--json", "--inputs", "/dev/stdin"]
    command += [part for key, value in limits.items() for part in ("--limit", f"{key}={value}")]
    run = subprocess.run(command, input=wanted.get("inputs", "{}"), capture_output=True, text=True, timeout=120)
    try:
        result = json.loads(run.stdout)
    except ValueError:
        return f"status {run.returncode}: {run.stderr.strip()[-300:]}"
    if result["outcome"] not in wanted["expect"].split(" | "):
        return f"{result['outcome']} instead of {wanted['expect']}: {result.get('error')}"
    if result["outcome"] == "succeeded" and result["output"].get("escaped", False) is not False:
        return f"escaped: {result['output']}"
    return None


failed = {name: found for name in sys.argv[1:] if (found := wrong(name))}
for name, found in failed.items():
    print(f"{name}: {found}")
sys.exit(1 if failed else 0)

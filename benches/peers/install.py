"""The programs that a run needs: which are used, and the peers' own libraries, installed into the work directory."""

import dataclasses
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from processes import HERE, Failed, environment
from servers import rabbit_server


@dataclasses.dataclass(frozen=True)
class Programs:
    cellblock: str
    python: str
    node: str
    bwrap: str
    # Of the peers in Python. It sees the packages of `python`, so that pandas is the same for all.
    venv_python: str
    node_modules: Path
    # Where `python -S` finds its packages.
    packages: list[str]


def install(work: Path, cellblock: Path) -> Programs:
    # Those that `cellblock` finds first, and whose packages Debian has.
    python, node = "/usr/bin/python3", "/usr/bin/node"
    if not cellblock.exists():
        raise Failed(f"{cellblock} is not there; `cargo build --release --locked` makes it")
    packages = said([python, "-c", "import site; print('\\n'.join(site.getsitepackages()))"]).split()
    return Programs(
        cellblock=str(cellblock),
        python=python,
        node=node,
        bwrap=shutil.which("bwrap") or "/usr/bin/bwrap",
        venv_python=install_python(work, python),
        node_modules=install_node(work),
        packages=packages,
    )


def install_python(work: Path, python: str) -> str:
    requirements = HERE / "requirements.txt"
    venv = work / "venv"

    def make() -> None:
        run([python, "-m", "venv", "--clear", "--system-site-packages", str(venv)])
        pip = [str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--requirement", str(requirements)])

    once(venv, said([python, "-VV"]).encode() + requirements.read_bytes(), make)
    return str(venv / "bin/python")


def install_node(work: Path) -> Path:
    place, package = work / "node", HERE / "package.json"

    def make() -> None:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        shutil.copy(package, place)
        quietly = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel", "error"]
        run(["npm", "install", *quietly], cwd=place)

    once(place, package.read_bytes(), make)
    return place / "node_modules"


def once(place: Path, made_from: bytes, make) -> None:
    """Makes it, unless it has been made from the same."""
    stamp = place / "made-from"
    digest = hashlib.sha256(made_from).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        make()
        stamp.write_text(digest)


def run(command: list[str], cwd: Path | None = None) -> None:
    # With the caller's own settings: how packages are fetched is theirs to say.
    try:
        done = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        raise Failed(f"{command[0]} could not be started: {error}") from error
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)} ended with status {done.returncode}: {done.stdout.strip()[-600:]}")


def said(command: list[str], extra: dict[str, str] | None = None) -> str:
    """What a program says of itself; nothing when it does not."""
    try:
        everything = environment(Path("/nonexistent"), {"PYTHONPYCACHEPREFIX": os.devnull} | (extra or {}))
        done = subprocess.run(command, text=True, capture_output=True, env=everything, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout or done.stderr).strip()


def facts(programs: Programs) -> list[str]:
    """What the machine and the programs are."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rabbit = Path(rabbit_server()).with_name("rabbitmqctl")
    asked = {
        "Cellblock": [programs.cellblock, "--version"],
        "Python": [programs.python, "--version"],
        "Node.js": [programs.node, "--version"],
        "bubblewrap": [programs.bwrap, "--version"],
        "Redis": ["redis-server", "--version"],
        "RabbitMQ": [str(rabbit), "version"],
    }
    versions = {}
    for name, command in asked.items():
        found = re.search(r"\d+(\.\d+)+", said(command, {"HOME": "/tmp", "RABBITMQ_CONF_ENV_FILE": os.devnull}))
        versions[name] = found[0] if found else "?"
    versions |= re.findall(r"^(celery|rq)==(.*)", (HERE / "requirements.txt").read_text(), re.MULTILINE)
    versions["bullmq"] = json.loads((HERE / "package.json").read_text())["dependencies"]["bullmq"]
    return [
        f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} processors, {memory:.0f} GiB, "
        f"Linux {platform.release()}",
        ", ".join(f"{name} {version}" for name, version in versions.items()),
    ]

"""Processes of a run: how they are started, and that none of them outlives it.

Services run under a keeper (`keeper.py`), which ends them and what they have started even when the run is killed. Nothing
is ever ended but what descends from a process that this run has started.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
LIBC = ctypes.CDLL(None, use_errno=True)
# prctl(2)
PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """What is shown of a peer that could not be measured."""


def environment(work: Path, extra: dict[str, str]) -> dict[str, str]:
    """The environment of every process: nothing of the caller's but the way to the programs."""
    fixed = {
        "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
        "HOME": str(work),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        # Cellblock gives its jobs these; the peers' jobs have them too.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONPYCACHEPREFIX": str(work / "pycache"),
    }
    return fixed | extra


class Service:
    """A process that others talk to. Its output goes to a file."""

    def __init__(self, name: str, command: list[str], work: Path, extra: dict[str, str], grace: float = 5):
        self.name = name
        self.log = work / f"{name}.log"
        self.output = work / f"{name}.out"
        with self.log.open("wb") as log, self.output.open("wb") as output:
            self.keeper = subprocess.Popen(
                [sys.executable, str(HERE / "keeper.py"), str(grace), *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=log,
                cwd=work,
                env=environment(work, extra),
                start_new_session=True,
            )

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_) -> None:
        self.keeper.stdin.close()
        self.keeper.wait()

    def check(self) -> None:
        """Fails when it has ended."""
        code = self.keeper.poll()
        if code is not None:
            raise Failed(f"{self.name} ended with status {code}: {last_words(self.log, self.output)}")

    def wait_until(self, is_ready, seconds: float) -> None:
        """Waits until `is_ready` no longer raises `OSError` and says so."""
        deadline = time.monotonic() + seconds
        while True:
            self.check()
            try:
                if is_ready():
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise Failed(f"{self.name} was not ready in {seconds:.0f} s: {last_words(self.log, self.output)}")
            time.sleep(0.1)


def end_with_parent() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Load:
    """A program that carries out orders (`load.py` says how): it publishes, waits and reads the answers."""

    def __init__(self, command: list[str], told: dict, work: Path, extra: dict[str, str]):
        self.log = work / "load.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, json.dumps(told)],
                # An order that could not be sent must not be tried again at the end.
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=work,
                env=environment(work, extra),
                start_new_session=True,
                # Standard input is for orders, so that no keeper can watch it.
                preexec_fn=end_with_parent,
            )
        self.buffer = b""

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process.stdout.close()

    def send(self, order: dict) -> None:
        self.process.stdin.write(json.dumps(order).encode() + b"\n")

    def receive(self, seconds: float, services: Iterable[Service]) -> dict:
        """The next line; fails when it does not come, or when a service ends meanwhile."""
        deadline = time.monotonic() + seconds
        stdout = self.process.stdout.fileno()
        while b"\n" not in self.buffer:
            if select.select([stdout], [], [], 0.5)[0]:
                piece = os.read(stdout, 1 << 20)
                if not piece:
                    raise Failed(f"the load ended with status {self.process.wait()}: {last_words(self.log)}")
                self.buffer += piece
                continue
            for service in services:
                service.check()
            if time.monotonic() > deadline:
                said = [last_words(log) for log in [self.log, *(service.log for service in services)]]
                raise Failed(f"no answer in {seconds:.0f} s: {' / '.join(text for text in said if text)}")
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)


def last_words(*files: Path) -> str:
    """The end of what a process has said."""
    text = "\n".join(file.read_text(errors="replace").strip() for file in files if file.exists())
    return " | ".join(line.strip() for line in text.splitlines()[-6:])[-600:]

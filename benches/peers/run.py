#!/usr/bin/env python3
"""Compares Cellblock with its peers on this machine. README.md says what is compared and what is not equal.

    make peers                                  everything, three rounds
    make peers PEERS="--quick"                  whether it works: the figures mean nothing
    make peers PEERS="--only rq,celery --functions python,pandas"

Prints Markdown tables; target/peers/results.json has every measurement.
"""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "peers"
sys.pycache_prefix = str(WORK / "pycache")

import table  # noqa: E402
from functions import FUNCTIONS, Function  # noqa: E402
from install import Programs, facts, install  # noqa: E402
from measure import Bench, Session  # noqa: E402
from peers import PEERS, Peer, Place  # noqa: E402
from processes import Failed  # noqa: E402


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare Cellblock with its peers on this machine.")
    parser.add_argument("--only", type=names_of(PEERS), metavar="PEER,…", help=f"of {', '.join(PEERS)}")
    parser.add_argument("--functions", type=names_of(FUNCTIONS), metavar="NAME,…", help=f"of {', '.join(FUNCTIONS)}")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often everything is measured (3)")
    parser.add_argument("--seconds", type=float, default=8, metavar="N", help="time of each measurement (8)")
    parser.add_argument("--slots", type=int, metavar="N", help="processes at the same time (one for each processor)")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that all works")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.seconds = 1, 0.5
    chosen.slots = chosen.slots or len(os.sched_getaffinity(0))
    return chosen


def names_of(known: dict):
    def read(text: str) -> list[str]:
        names = text.split(",")
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: there is {', '.join(known)}")
        return names

    return read


def main() -> int:
    chosen = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    WORK.mkdir(parents=True, exist_ok=True)
    lock = (WORK / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"another comparison is running: {lock.name}", file=sys.stderr)
        return 2
    # Of runs that were killed.
    for left in WORK.glob("run-*"):
        shutil.rmtree(left)
    try:
        programs = install(WORK, ROOT / "target/release/cellblock")
    except Failed as failed:
        print(f"failed: {failed}", file=sys.stderr)
        return 2
    results = {"facts": facts(programs), "slots": chosen.slots, "rounds": chosen.rounds, "runs": []}
    try:
        for round_number in range(chosen.rounds):
            measure_round(round_number, chosen, programs, results["runs"])
    finally:
        results["rows"] = table.rows(results["runs"])
        (WORK / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    print(table.text(results))
    return 1 if any("error" in run for run in results["runs"]) else 0


def measure_round(number: int, chosen: argparse.Namespace, programs: Programs, runs: list[dict]) -> None:
    """All peers, each round beginning with another one, so that a machine that gets slower does not choose."""
    peers = [peer for name, peer in PEERS.items() if name in (chosen.only or PEERS)]
    start = number % max(len(peers), 1)
    for peer in peers[start:] + peers[:start]:
        wanted = [FUNCTIONS[name] for name in peer.functions if name in (chosen.functions or FUNCTIONS)]
        if wanted:
            for run in measure_peer(peer, wanted, chosen, programs):
                run |= {"peer": peer.name, "round": number}
                runs.append(run)
                report(run)


def measure_peer(peer: Peer, functions: list[Function], chosen: argparse.Namespace, programs: Programs):
    """Yields what came of each function, also when nothing did."""
    left = list(functions)
    while left:
        # A peer that failed is started anew for what is left.
        with contextlib.ExitStack() as stack:
            work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="run-", dir=WORK)))
            try:
                place = Place(work, chosen.slots, programs, stack)
                session = (Session if peer.start else Bench)(peer, place, chosen.seconds)
                while left:
                    yield {"function": left[0].name} | session.measure(left[0])
                    left.pop(0)
            except (Failed, OSError, ValueError) as failed:
                yield {"function": left.pop(0).name, "error": f"{failed}"}


def report(run: dict) -> None:
    """A line for who waits."""
    if "error" in run:
        what = f"failed: {run['error']}"
    else:
        what = f"{table.figure(run['per_second'])} a second, {table.figure(run['cpu_ms_each'])} ms CPU each"
    print(f"round {run['round'] + 1}: {run['peer']}, {run['function']}: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)

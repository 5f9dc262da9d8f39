"""One measurement: an order, its time, the processor time of the whole machine, and whether each answer is right."""

import json
import os
import subprocess
import time

from functions import CHUNK, LEAD_S, STEADY, Function
from peers import Peer, Place
from processes import Failed, environment

# After the first orders, before the measured one: what was started comes to rest. Others may keep the machine busy.
SETTLE_S = 1.0
MOST_SETTLES = 20
AT_REST = 0.1
START_S = 180
# For one order.
LONGEST_S = 900
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
IDLE, IOWAIT = 3, 4


def busy_s() -> float:
    """Time that all processors together were not idle, as `cellblock bench` counts it: proc_stat(5)."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    return sum(count for at, count in enumerate(ticks) if at not in (IDLE, IOWAIT)) * TICK_S


def busy_share(seconds: float) -> float:
    """How much of the machine is in use while nothing is to be done."""
    before, begun = busy_s(), time.monotonic()
    time.sleep(seconds)
    return (busy_s() - before) / (time.monotonic() - begun) / (os.cpu_count() or 1)


def settle() -> float:
    """Waits until the machine is at rest; gives how much of it is in use."""
    for _ in range(MOST_SETTLES):
        share = busy_share(SETTLE_S)
        if share < AT_REST:
            break
    return share


class Session:
    """A peer that has been started; measures one function after the other, each for about so many seconds."""

    def __init__(self, peer: Peer, place: Place, seconds: float):
        self.peer, self.place, self.seconds = peer, place, seconds
        self.load = peer.start(place)
        self.hear(START_S)
        self.orders = 0

    def measure(self, function: Function) -> dict:
        # Orders that are not measured, until one takes long enough to tell how many make the wanted time. The first one
        # has started, connected and imported everything.
        message = max(function.chunk, 1)
        count = 4 * self.place.slots * message
        if self.peer.warm_up:
            self.carry_out(function, self.peer.warm_up * message)
            settle()
            # What has been replaced meanwhile comes into use.
            self.carry_out(function, 4 * count)
        else:
            self.carry_out(function, count)
        while (pilot := self.carry_out(function, count))["seconds"] < self.seconds / 10:
            count *= 3
        share = settle()
        run = self.carry_out(function, max(count, int(pilot["per_second"] * self.seconds)))
        if self.peer.has_latency and function.name in STEADY:
            rate = run["per_second"] / 2
            for is_even, kind in ((False, ""), (True, "even_")):
                steady = self.carry_out(function, max(count, int(rate * (LEAD_S + self.seconds))), rate, is_even)
                run |= {f"{kind}p50_ms": steady["p50_ms"], f"{kind}p99_ms": steady["p99_ms"]}
        return run | {"busy_before": share}

    def carry_out(self, function: Function, count: int, rate: float = 0, is_even: bool = False) -> dict:
        # No two orders of a session share an item.
        self.orders += 1
        first = self.orders * 10_000_000
        order = {
            "language": function.language,
            "code": function.code,
            "first": first,
            "count": count,
            "chunk": function.chunk,
            "name": f"order-{self.orders}",
            "rate": rate,
            "is_even": is_even,
        }
        busy_before, begun = busy_s(), time.monotonic()
        self.load.send(order)
        done = self.hear(LONGEST_S)
        took, busy = time.monotonic() - begun, busy_s() - busy_before
        said = self.hear(LONGEST_S)
        check(function, first, count, said["answers"])
        latencies = sorted(said["latencies_ms"] or [])
        return {
            "count": count,
            "seconds": took,
            "per_second": count / took,
            "cpu_ms_each": busy * 1e3 / count,
            "published_s": done["published_s"],
            "p50_ms": quantile(latencies, 0.5),
            "p99_ms": quantile(latencies, 0.99),
        }

    def hear(self, seconds: float) -> dict:
        return self.load.receive(seconds, self.place.services)


def quantile(values: list[float], share: float) -> float | None:
    return values[int(share * (len(values) - 1))] if values else None


def check(function: Function, first: int, count: int, answers: list) -> None:
    """Fails unless every answer is there and right."""
    if len(answers) != count:
        raise Failed(f"{len(answers)} answers to {count} {function.unit}")
    wrong = [at for at, answer in enumerate(answers) if answer != function.expected(first + at)]
    if wrong:
        at = wrong[0]
        raise Failed(
            f"{len(wrong)} of {count} answers are wrong; the first: {json.dumps(answers[at])} "
            f"instead of {json.dumps(function.expected(first + at))}"
        )


class Bench:
    """`cellblock bench`, which measures itself in the same way: a closed loop in each slot, every answer checked."""

    def __init__(self, _: Peer, place: Place, seconds: float):
        programs = place.programs
        command = [programs.cellblock, "--json", "--set", f"worker.slots={place.slots}"]
        for language, path in [("python3", programs.python), ("nodejs", programs.node)]:
            command += ["--set", f"runtime.{language}.path={path}"]
        command += ["bench", "--alone", "--seconds", str(seconds), "--chunk", str(CHUNK)]
        extra = environment(place.work, {})
        self.busy_before = settle()
        done = subprocess.run(command, text=True, capture_output=True, env=extra, cwd=place.work)
        if done.returncode != 0:
            raise Failed(f"`cellblock bench` ended with status {done.returncode}: {done.stderr.strip()[-600:]}")
        self.rows = json.loads(done.stdout)

    def measure(self, function: Function) -> dict:
        unit = "item" if function.chunk else {"pandas": "pandas_job"}.get(function.name, "job")
        [row] = [row for row in self.rows if (row["language"], row["unit"]) == (function.language, unit)]
        return {
            "count": row["count"],
            "seconds": row["count"] / row["per_second"],
            "per_second": row["per_second"],
            "cpu_ms_each": row["cpu_ms_each"],
            "published_s": None,
            "p50_ms": None if function.chunk else row["p50_ms"],
            "p99_ms": None if function.chunk else row["p99_ms"],
            "busy_before": self.busy_before,
        }

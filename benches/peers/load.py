"""What the loads in Python share: how they are told what to do, and how they say what came of it.

A load is started with one argument, a JSON object with what it has to know of its place. It talks in JSON lines:

    it says   {"ready": true}                     when it is connected
    it hears  {"language", "code", "first", "count", "chunk", "name", "rate", "is_even"}
    it says   {"done": true, "published_s": …}    when every answer has been read
    it says   {"answers": […], "latencies_ms"}    the answers in the order of the items, null for one that is not there

The clock of a measurement runs between the second and the third line, so what a load does after `done` costs nothing:
there it makes sense of what it has read. With a `rate`, jobs are published at that rate (`steadily`), and the time of each
is told.
"""

import bisect
import contextlib
import ctypes
import json
import multiprocessing
import multiprocessing.connection
import random
import re
import socket
import sys
import time
from collections.abc import Callable

import redis

from functions import LEAD_S

# Between two looks at whether all is done.
PAUSE = 0.05
# A message of a subscription, in Redis' protocol.
TOLD = re.compile(rb"\*3\r\n\$7\r\nmessage\r\n\$\d+\r\n[^\r]*\r\n\$\d+\r\n([^\r]*)\r\n")
# How long a job may take that is published at a rate.
PATIENCE_S = 60


class Carried:
    """An order that was carried out. `answers` makes sense of what was read."""

    def __init__(self, answers: Callable[[], list], published_s: float | None = None, latencies_ms: list | None = None):
        self.answers, self.published_s, self.latencies_ms = answers, published_s, latencies_ms


def run(prepare: Callable[[dict], Callable[[dict], Carried]]) -> None:
    """Carries out orders until standard input ends."""
    carry_out = prepare(json.loads(sys.argv[1]))
    say({"ready": True})
    for line in sys.stdin:
        carried = carry_out(json.loads(line))
        say({"done": True, "published_s": carried.published_s})
        say({"answers": carried.answers(), "latencies_ms": carried.latencies_ms})


def say(what: dict) -> None:
    print(json.dumps(what), flush=True)


def inputs(order: dict) -> list[dict]:
    return [{"n": n} for n in range(order["first"], order["first"] + order["count"])]


def chunks(order: dict) -> list[list[dict]]:
    """The items of each message, task or process."""
    items, size = inputs(order), order["chunk"]
    return [items[at : at + size] for at in range(0, len(items), size)]


def flat(answers: list[list | None], order: dict) -> list:
    """The answers of all items from those of the chunks."""
    found = []
    for items, results in zip(chunks(order), answers, strict=True):
        found.extend(results if results is not None and len(results) == len(items) else [None] * len(items))
    return found


def since(begun: float) -> float:
    return time.monotonic() - begun


def number_of(output: dict) -> int:
    """Whose answer this is: the inverse of what functions.py expects of single jobs."""
    return output["n"] // 2 if "n" in output else (output["sums"][0] - 135) // 10


def listen(port: int, count: int, pipe: multiprocessing.connection.Connection) -> None:
    """A process of its own, as a reader of results is: notes when Redis tells of writes, and reads of which ones when all is
    there, so that reading takes no time from what is measured.
    """
    came: list[tuple[int, float]] = []
    text = bytearray()
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
        connection.sendall(b"SUBSCRIBE __keyevent@0__:set\r\n")
        connection.recv(1 << 16)
        pipe.send("ready")
        connection.settimeout(PAUSE)
        # They are counted when nothing comes for a while: counting takes time.
        while text.count(b"*3\r\n$7\r\nmessage") < count and not pipe.poll():
            with contextlib.suppress(TimeoutError):
                while len(came) < count:
                    data, now = connection.recv(1 << 16), time.monotonic()
                    text += data
                    came.append((len(text), now))
    ends, written = [end for end, _ in came], {}
    for message in TOLD.finditer(bytes(text)):
        written.setdefault(message[1], came[bisect.bisect_left(ends, message.end())][1])
    pipe.send(written)


def steadily(order: dict, store: redis.Redis, publish: Callable[[int], None], output_of: Callable) -> Carried:
    """Publishes `rate` a second, at random moments or evenly, whatever becomes of the jobs: an open loop.

    A job's time runs from the moment at which it was due, late or not, to the one at which Redis tells that a key with its
    result was written.
    """
    store.config_set("notify-keyspace-events", "E$")
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    context.Process(target=listen, args=(store.get_connection_kwargs()["port"], order["count"], theirs), daemon=True).start()
    ours.recv()
    # prctl(PR_SET_TIMERSLACK): the kernel may wake a process 50 us late unless it is told otherwise.
    ctypes.CDLL(None).prctl(29, 1, 0, 0, 0)
    numbers, due, moments = range(order["first"], order["first"] + order["count"]), {}, random.Random(1)
    at = begun = time.monotonic()
    for n in numbers:
        at += 1 / order["rate"] if order["is_even"] else moments.expovariate(order["rate"])
        time.sleep(max(0, at - time.monotonic()))
        due[n] = at
        publish(n)
    if not ours.poll(PATIENCE_S):
        ours.send("enough")
    written = ours.recv()
    store.config_set("notify-keyspace-events", "")
    outputs = {key: output_of(store.get(key)) for key in written}
    answers = {number_of(output): output for output in outputs.values()}
    times = [(due[number_of(output)], written[key]) for key, output in outputs.items()]
    latencies = [(end - due_at) * 1e3 for due_at, end in times if due_at - begun >= LEAD_S]
    return Carried(lambda: [answers.get(n) for n in numbers], latencies_ms=latencies)

"""The functions that every peer runs, and the answers that they must give.

An order is a row of items n, n + 1, …: the inputs of item n are {"n": n}. So no two answers of an order are alike, and
one that was lost, doubled or mixed up shows.
"""

import dataclasses
from collections.abc import Callable

SMALL_PYTHON = 'def main(n):\n    return {"n": n * 2}\n'

SMALL_JS = "function main({ n }) {\n  return { n: n * 2 };\n}\n"

PANDAS = """\
import pandas as pd


def main(n):
    frame = pd.DataFrame({"group": [i % 3 for i in range(30)], "value": [n + i for i in range(30)]})
    return {"sums": [int(sum) for sum in frame.groupby("group")["value"].sum()]}
"""

# Items of a chunk: what one process, task or message has to do, for every peer.
CHUNK = 500


def doubled(n: int) -> dict:
    return {"n": n * 2}


def sums(n: int) -> dict:
    return {"sums": [sum(n + i for i in range(group, 30, 3)) for group in range(3)]}


@dataclasses.dataclass(frozen=True)
class Function:
    """One function as it is measured."""

    name: str
    title: str
    language: str
    code: str
    expected: Callable[[int], dict]
    # Items of a chunk; 0 for single jobs.
    chunk: int = 0

    @property
    def unit(self) -> str:
        return "items" if self.chunk else "jobs"


FUNCTIONS = {
    function.name: function
    for function in [
        Function("python", "Small Python jobs", "python3", SMALL_PYTHON, doubled),
        Function("nodejs", "Small JavaScript jobs", "nodejs", SMALL_JS, doubled),
        Function("pandas", "Python jobs that import pandas", "python3", PANDAS, sums),
        Function("python-items", f"A Python batch, in chunks of {CHUNK}", "python3", SMALL_PYTHON, doubled, CHUNK),
        Function("nodejs-items", f"A JavaScript batch, in chunks of {CHUNK}", "nodejs", SMALL_JS, doubled, CHUNK),
    ]
}

# Those whose jobs are also published at a steady rate.
STEADY = ("python", "nodejs", "pandas")
# A machine that was at rest is slow at first: what is published so early has no part in those figures.
LEAD_S = 1.0

#!/usr/bin/env python3
"""Turn birdstrikes.csv into batch items: JSON Lines, one {"record": {...}} per row, in the file's order.

    python3 prepare.py > items.jsonl                    10,000 items
    python3 prepare.py --with-trouble > trouble.jsonl   the same and seven that misbehave, at fixed places

Standard library only, and the same output on every run. Nothing is cleaned here: that is the job of score.py.
"""

import argparse
import csv
import json
import sys
from pathlib import Path

# After how many rows an item is inserted, and what its fields ask for: `trouble` is for score.py, `later_trouble`
# is handed on by score.py to sentence.js.
TROUBLE = {
    100: {"trouble": "exception"},
    2_500: {"trouble": "endless loop"},
    4_000: {"later_trouble": "exception"},
    5_000: {"trouble": "take 2 GiB"},
    6_000: {"later_trouble": "endless loop"},
    7_500: {"trouble": "forbidden system call"},
    9_900: {"trouble": "crash the interpreter"},
}


def items(rows, with_trouble: bool):
    for count, row in enumerate(rows, start=1):
        yield {"record": row}
        if with_trouble and count in TROUBLE:
            yield {"record": row, **TROUBLE[count]}


def main() -> None:
    parser = argparse.ArgumentParser(description="Turn birdstrikes.csv into batch items, as JSON Lines on stdout.")
    parser.add_argument("--csv", type=Path, default=Path(__file__).with_name("birdstrikes.csv"))
    parser.add_argument("--limit", type=int, help="items to write (default: all)")
    parser.add_argument("--with-trouble", action="store_true", help="insert seven items that misbehave")
    options = parser.parse_args()

    with options.csv.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        for count, item in enumerate(items(rows, options.with_trouble)):
            if options.limit is not None and count >= options.limit:
                break
            sys.stdout.write(json.dumps(item, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

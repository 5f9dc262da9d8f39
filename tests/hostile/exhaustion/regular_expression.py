# expect: timed_out
# limit: wall
# limits: {"wall_ms": 800}
# why: catastrophic backtracking holds the interpreter's lock the whole time
import re


def main():
    return {"found": bool(re.match(r"(a+)+$", "a" * 64 + "b"))}

# expect: succeeded
# why: a mark in builtins and in sys, looked for first
import builtins
import sys


def main():
    seen = [hasattr(builtins, "left_behind"), hasattr(sys, "left_behind")]
    builtins.left_behind = sys.left_behind = True
    return {"escaped": any(seen), "detail": seen}

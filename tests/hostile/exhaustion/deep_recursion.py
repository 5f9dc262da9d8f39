# expect: signalled | memory_killed | memory_error | failed
# signal: 11
# why: recursion in C with the interpreter's guard lifted overflows the stack; Python 3.13 has a second guard
import sys


def main():
    sys.setrecursionlimit(10**9)
    nested = []
    for _ in range(10**6):
        nested = [nested]
    return {"escaped": False, "detail": len(repr(nested))}

# expect: signalled | memory_killed | memory_error
# signal: 11
# why: recursion in C with the interpreter's guard lifted overflows the stack
import sys


def main():
    sys.setrecursionlimit(10**9)
    nested = []
    for _ in range(10**6):
        nested = [nested]
    return {"escaped": False, "detail": len(repr(nested))}

# expect: signalled | memory_killed | memory_error | succeeded
# signal: 11
# why: recursion in C with the interpreter's guard lifted overflows the stack; from 3.12 on C has a guard of its own
import sys


def main():
    sys.setrecursionlimit(10**9)
    nested = []
    for _ in range(10**6):
        nested = [nested]
    try:
        detail = len(repr(nested))
    except RecursionError as error:
        return {"escaped": sys.version_info < (3, 12), "detail": str(error)}
    return {"escaped": True, "detail": detail}

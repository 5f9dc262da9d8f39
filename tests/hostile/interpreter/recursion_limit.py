# expect: succeeded | failed
# why: a recursion limit so low that the harness could not call a function
import sys


def main():
    for limit in range(200, 1, -1):
        try:
            sys.setrecursionlimit(limit)
        except RecursionError:
            break
    return {"escaped": False, "nested": [[[[1]]]]}

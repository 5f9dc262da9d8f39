# expect: succeeded
# output: {"escaped": false}
# why: closed and replaced standard streams
import sys


def main():
    sys.stdout.close()
    sys.stderr = sys.stdin = None
    sys.__stdout__ = sys.__stderr__ = 5
    sys.displayhook = sys.excepthook = None
    return {"escaped": False}

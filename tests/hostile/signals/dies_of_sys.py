# expect: signalled
# signal: 31
# why: SIGSYS to itself is not a denied system call
import os
import signal


def main():
    signal.signal(31, signal.SIG_DFL)
    os.kill(os.getpid(), 31)
    return {"escaped": False, "detail": "still here"}

# expect: signalled
# signal: 24
# why: SIGXCPU to itself is not a deadline
import os
import signal


def main():
    signal.signal(24, signal.SIG_DFL)
    os.kill(os.getpid(), 24)
    return {"escaped": False, "detail": "still here"}

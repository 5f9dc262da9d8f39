# expect: signalled
# signal: 15
# why: SIGTERM to itself is not a cancellation
import os
import signal


def main():
    signal.signal(15, signal.SIG_DFL)
    os.kill(os.getpid(), 15)
    return {"escaped": False, "detail": "still here"}

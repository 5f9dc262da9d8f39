# expect: signalled
# signal: 25
# why: SIGXFSZ to itself, which Python ignores by default
import os
import signal


def main():
    signal.signal(25, signal.SIG_DFL)
    os.kill(os.getpid(), 25)
    return {"escaped": False, "detail": "still here"}

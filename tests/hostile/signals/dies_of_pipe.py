# expect: signalled
# signal: 13
# why: SIGPIPE to itself, which Python ignores by default
import os
import signal


def main():
    signal.signal(13, signal.SIG_DFL)
    os.kill(os.getpid(), 13)
    return {"escaped": False, "detail": "still here"}

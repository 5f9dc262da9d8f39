# expect: signalled
# signal: 1
# why: the signal that ended the program is named in the result
import os
import signal


def main():
    signal.signal(1, signal.SIG_DFL)
    os.kill(os.getpid(), 1)
    return {"escaped": False, "detail": "still here"}

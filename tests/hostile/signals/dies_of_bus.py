# expect: signalled
# signal: 7
# why: the signal that ended the program is named in the result
import os
import signal


def main():
    signal.signal(7, signal.SIG_DFL)
    os.kill(os.getpid(), 7)
    return {"escaped": False, "detail": "still here"}

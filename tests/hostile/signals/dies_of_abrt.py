# expect: signalled
# signal: 6
# why: the signal that ended the program is named in the result
import os
import signal


def main():
    signal.signal(6, signal.SIG_DFL)
    os.kill(os.getpid(), 6)
    return {"escaped": False, "detail": "still here"}

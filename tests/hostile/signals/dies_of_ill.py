# expect: signalled
# signal: 4
# why: the signal that ended the program is named in the result
import os
import signal


def main():
    signal.signal(4, signal.SIG_DFL)
    os.kill(os.getpid(), 4)
    return {"escaped": False, "detail": "still here"}

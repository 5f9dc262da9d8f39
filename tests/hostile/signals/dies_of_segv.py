# expect: signalled
# signal: 11
# why: the signal that ended the program is named in the result
import os
import signal


def main():
    signal.signal(11, signal.SIG_DFL)
    os.kill(os.getpid(), 11)
    return {"escaped": False, "detail": "still here"}

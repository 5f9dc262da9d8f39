# expect: signalled
# signal: 14
# why: the signal that ended the program is named in the result
import os
import signal


def main():
    signal.signal(14, signal.SIG_DFL)
    os.kill(os.getpid(), 14)
    return {"escaped": False, "detail": "still here"}

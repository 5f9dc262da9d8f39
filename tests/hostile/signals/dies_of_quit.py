# expect: signalled
# signal: 3
# why: the signal that ended the program is named in the result
import os
import signal


def main():
    signal.signal(3, signal.SIG_DFL)
    os.kill(os.getpid(), 3)
    return {"escaped": False, "detail": "still here"}

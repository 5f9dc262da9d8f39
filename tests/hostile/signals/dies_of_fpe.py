# expect: signalled
# signal: 8
# why: the signal that ended the program is named in the result
import os
import signal


def main():
    signal.signal(8, signal.SIG_DFL)
    os.kill(os.getpid(), 8)
    return {"escaped": False, "detail": "still here"}

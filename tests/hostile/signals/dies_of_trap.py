# expect: signalled
# signal: 5
# why: the signal that ended the program is named in the result
import os
import signal


def main():
    signal.signal(5, signal.SIG_DFL)
    os.kill(os.getpid(), 5)
    return {"escaped": False, "detail": "still here"}

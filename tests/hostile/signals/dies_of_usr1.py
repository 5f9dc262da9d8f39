# expect: signalled
# signal: 10
# why: the signal that ended the program is named in the result
import os
import signal


def main():
    signal.signal(10, signal.SIG_DFL)
    os.kill(os.getpid(), 10)
    return {"escaped": False, "detail": "still here"}

# expect: signalled
# signal: 40
# why: the signal that ended the program is named in the result
import os
import signal


def main():
    signal.signal(40, signal.SIG_DFL)
    os.kill(os.getpid(), 40)
    return {"escaped": False, "detail": "still here"}

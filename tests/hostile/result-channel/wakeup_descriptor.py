# expect: bad_result
# detail: forged
# why: the interpreter itself writes a byte for each signal, wherever it is told to
import os
import signal
import time


def main():
    os.set_blocking(4, False)
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.set_wakeup_fd(4)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    time.sleep(0.05)
    return {"escaped": True}

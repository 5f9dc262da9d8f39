# expect: timed_out
# limit: wall
# limits: {"wall_ms": 700}
# why: a program that ignores and blocks every signal still ends at its deadline
import signal
import time


def main():
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_IGN)
        except OSError:
            pass
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        time.sleep(10)

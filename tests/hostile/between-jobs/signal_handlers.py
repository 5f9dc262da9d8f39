# expect: succeeded
# why: handlers, blocked signals and timers of another job
import signal


def main():
    seen = [
        callable(signal.getsignal(signal.SIGUSR1)),
        signal.SIGUSR2 in signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2]),
        signal.getitimer(signal.ITIMER_REAL) != (0.0, 0.0),
    ]
    signal.signal(signal.SIGUSR1, lambda number, frame: None)
    signal.setitimer(signal.ITIMER_REAL, 3600)
    return {"escaped": any(seen), "detail": seen}

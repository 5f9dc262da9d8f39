# expect: succeeded | failed | no_result | exited | signalled | bad_result
# limits: {"wall_ms": 2000}
# why: a timer whose handler raises, fired again and again while the harness sends the result
import signal


def main():
    def interrupt(number, frame):
        raise RuntimeError("from a handler")

    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    return {"escaped": False, "detail": "x" * 100_000}

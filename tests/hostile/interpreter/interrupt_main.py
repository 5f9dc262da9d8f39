# expect: succeeded | failed | exited | no_result
# limits: {"wall_ms": 2000}
# why: an interrupt that a thread simulates, as if somebody had pressed the keys, while the harness answers
import _thread
import signal
import threading


def interrupt():
    while True:
        _thread.interrupt_main(signal.SIGINT)
        threading.Event().wait(0.0001)


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt, daemon=True).start()
    return {"escaped": False, "detail": ["x" * 1000] * 500}

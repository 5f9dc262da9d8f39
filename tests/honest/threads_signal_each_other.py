# expect: succeeded
# output: {"seen": [true], "has_clock": true}
# why: libc knows the id of the main thread, in a fork too
import signal
import threading
import time


def main():
    seen = []
    own = threading.main_thread().ident
    signal.signal(signal.SIGUSR1, lambda *_: seen.append(threading.get_ident() == own))
    thread = threading.Thread(target=signal.pthread_kill, args=(own, signal.SIGUSR1))
    thread.start()
    thread.join()
    return {"seen": seen, "has_clock": time.clock_gettime(time.pthread_getcpuclockid(own)) > 0}

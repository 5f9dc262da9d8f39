# expect: succeeded
# denied: symlink
# why: refused calls from many threads, which a timer interrupts all the time: each gets its own answer
import os
import signal
import threading

wrong = []


def refused():
    for _ in range(40):
        try:
            os.symlink("/", "/link")
            wrong.append("allowed")
        except (PermissionError, InterruptedError):
            pass
        except OSError as error:
            wrong.append(str(error))


def main():
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    threads = [threading.Thread(target=refused) for _ in range(4)]
    for thread in threads:
        thread.start()
    refused()
    for thread in threads:
        thread.join()
    signal.setitimer(signal.ITIMER_REAL, 0)
    return {"escaped": bool(wrong), "detail": wrong[:10]}

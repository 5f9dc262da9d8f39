# expect: syscall_denied
# syscall: clone
# why: the filter must hold in every thread, not only in the first
import os
import threading


def main():
    thread = threading.Thread(target=os.fork)
    thread.start()
    thread.join()
    return {"escaped": True, "detail": "forked"}

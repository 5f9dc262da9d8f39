# expect: signalled
# signal: 11
# why: a crash while other threads wait for the supervisor's answer
import ctypes
import os
import threading


def refused():
    while True:
        try:
            os.symlink("/", "/link")
        except OSError:
            pass


def main():
    for _ in range(6):
        threading.Thread(target=refused, daemon=True).start()
    threading.Event().wait(0.01)
    ctypes.string_at(0)
    return {"escaped": True, "detail": "still here"}

# expect: timed_out
# limit: wall
# limits: {"wall_ms": 500}
# why: the first thread ends and another goes on: to its parent the process is still there, and to a lister it is dead
import ctypes
import os
import threading
import time

NUMBER = {"x86_64": 60, "aarch64": 93}[os.uname().machine]


def main():
    threading.Thread(target=time.sleep, args=(60,)).start()
    ctypes.CDLL(None).syscall(NUMBER, 0)
    return {"escaped": True, "detail": "still here"}

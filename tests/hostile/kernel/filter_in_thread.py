# expect: syscall_denied
# syscall: bpf
# why: the filter covers threads that start after it
import ctypes
import os
import threading

NUMBER = {"x86_64": 321, "aarch64": 280}[os.uname().machine]


def main():
    got = []
    thread = threading.Thread(target=lambda: got.append(ctypes.CDLL(None).syscall(NUMBER, 0, None, 0)))
    thread.start()
    thread.join()
    return {"escaped": got[0] >= 0, "detail": got}

# expect: succeeded
# why: a signal to a single thread of another process
import ctypes
import os

NUMBER = {"x86_64": 234, "aarch64": 131}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 1, 1, 9)
    return {"escaped": got == 0, "detail": os.strerror(ctypes.get_errno())}

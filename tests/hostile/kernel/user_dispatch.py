# expect: succeeded
# denied: prctl
# why: system calls turned into signals of the process itself, before any filter sees them
import ctypes
import os

NUMBER = {"x86_64": 157, "aarch64": 167}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    switch = ctypes.c_char(0)
    got = libc.syscall(NUMBER, 59, 1, ctypes.c_long(0), ctypes.c_long(0), ctypes.byref(switch))
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

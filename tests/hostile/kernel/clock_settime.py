# expect: syscall_denied
# syscall: clock_settime
# why: the clock of the host
import ctypes
import os

NUMBER = {"x86_64": 227, "aarch64": 112}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    moment = (ctypes.c_int64 * 2)(0, 0)
    got = libc.syscall(NUMBER, 0, moment)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: succeeded
# denied: sched_setscheduler
# why: a real-time class would starve the host
import ctypes
import os

NUMBER = {"x86_64": 144, "aarch64": 119}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    parameter = (ctypes.c_int * 1)(1)
    got = libc.syscall(NUMBER, 0, 1, parameter)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

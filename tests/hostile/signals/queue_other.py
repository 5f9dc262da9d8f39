# expect: succeeded
# why: rt_sigqueueinfo forges the sender of a signal
import ctypes
import os

NUMBER = {"x86_64": 129, "aarch64": 138}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    details = (ctypes.c_int32 * 32)(9, 0, -1)
    got = libc.syscall(NUMBER, 1, 9, details)
    return {"escaped": got == 0, "detail": os.strerror(ctypes.get_errno())}

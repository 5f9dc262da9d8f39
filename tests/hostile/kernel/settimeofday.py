# expect: syscall_denied
# syscall: settimeofday
# why: the clock of the host
import ctypes
import os

NUMBER = {"x86_64": 164, "aarch64": 170}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, None, None)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

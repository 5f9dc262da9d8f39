# expect: syscall_denied
# syscall: ptrace
# why: seizing the first process of the namespace
import ctypes
import os

NUMBER = {"x86_64": 101, "aarch64": 117}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0x4206, 1, None, None)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

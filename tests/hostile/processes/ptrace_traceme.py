# expect: syscall_denied
# syscall: ptrace
# why: becoming traced: with a tracer, every check of the filter can be changed
import ctypes
import os

NUMBER = {"x86_64": 101, "aarch64": 117}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0, 0, None, None)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

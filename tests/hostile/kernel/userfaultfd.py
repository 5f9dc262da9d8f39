# expect: syscall_denied
# syscall: userfaultfd
# why: holding the kernel at a page fault of our choice
import ctypes
import os

NUMBER = {"x86_64": 323, "aarch64": 282}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 1)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: syscall_denied
# syscall: io_uring_register
# why: newer kernels let a program register without a ring: -1 in place of its descriptor
import ctypes
import os

NUMBER = 427


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, -1, 31, None, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

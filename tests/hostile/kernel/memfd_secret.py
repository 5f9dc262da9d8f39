# expect: syscall_denied
# syscall: memfd_secret
# why: memory that the kernel itself no longer maps and that escapes inspection
import ctypes
import os

NUMBER = 447


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

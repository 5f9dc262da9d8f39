# expect: syscall_denied
# syscall: pidfd_getfd
# why: taking a descriptor out of another process
import ctypes
import os

NUMBER = 438


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0, 4, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: syscall_denied
# syscall: io_uring_enter
# why: entering a ring, whatever descriptor is given
import ctypes
import os

NUMBER = 426


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0, 1, 0, 0, None, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

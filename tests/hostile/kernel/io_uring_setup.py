# expect: syscall_denied
# syscall: io_uring_setup
# why: a ring would make calls that the filter never sees
import ctypes
import os

NUMBER = 425


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    params = ctypes.create_string_buffer(120)
    got = libc.syscall(NUMBER, 8, params)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

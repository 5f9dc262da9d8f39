# expect: syscall_denied
# syscall: modify_ldt
# arch: x86_64
# why: segments of an own making have opened kernels before
import ctypes
import os

NUMBER = 154


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    entry = ctypes.create_string_buffer(16)
    got = libc.syscall(NUMBER, 1, entry, 16)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: syscall_denied
# syscall: process_madvise
# why: paging out the memory of another process
import ctypes
import os

NUMBER = 440


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    part = (ctypes.c_uint64 * 2)(0x10000, 4096)
    got = libc.syscall(NUMBER, 0, part, 1, 21, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: succeeded
# denied: openat2
# why: another way to open files, whose flags lie in memory, out of a filter's sight
import ctypes
import os

NUMBER = 437


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    how = (ctypes.c_uint64 * 3)(os.O_RDONLY, 0, 0x10)  # RESOLVE_IN_ROOT
    got = libc.syscall(NUMBER, os.open("/", os.O_PATH), b"../../etc/passwd", how, 24)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

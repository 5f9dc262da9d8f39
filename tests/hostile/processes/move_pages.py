# expect: succeeded
# denied: move_pages
# denied: migrate_pages
# why: where the pages of the first process lie, and moving them elsewhere
import ctypes
import os

NUMBERS = {"x86_64": (279, 256), "aarch64": (239, 238)}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    pages, status, nodes = (ctypes.c_uint64 * 1)(0x10000), (ctypes.c_int * 1)(), (ctypes.c_ulong * 1)(1)
    got = [libc.syscall(NUMBERS[0], 1, 1, pages, None, status, 0), libc.syscall(NUMBERS[1], 1, 64, nodes, nodes)]
    return {"escaped": max(got) >= 0, "detail": [*got, os.strerror(ctypes.get_errno())]}

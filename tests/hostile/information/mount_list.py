# expect: succeeded
# why: mounts by number, without /proc
import ctypes
import os

STATMOUNT, LISTMOUNT = 457, 458


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    answer = ctypes.create_string_buffer(4096)
    told = []
    for number in (LISTMOUNT, STATMOUNT):
        for which in (0xFFFF_FFFF_FFFF_FFFF, 0x8000_0001):
            request = (ctypes.c_uint64 * 4)(24, which, 0x7F, 0)
            got = libc.syscall(number, request, answer, 512, 0)
            if got >= 0:
                told.append([number, hex(which), got])
    return {"escaped": bool(told), "detail": told or os.strerror(ctypes.get_errno())}

# expect: succeeded
# why: machine code of the C library overwritten in memory: the page belongs to a file that all jobs map
import ctypes
import os


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    place = ctypes.cast(libc.gnu_get_libc_version, ctypes.c_void_p).value
    seen = ctypes.string_at(place, 8) == b"CELLMARK"
    got = libc.mprotect(place & ~4095, 8192, 7)
    if got == 0:
        ctypes.memmove(place, b"CELLMARK", 8)
    return {"escaped": seen, "detail": [seen, got, os.strerror(ctypes.get_errno())]}

# expect: succeeded | memory_killed
# limits: {"memory_bytes": 67108864}
# why: huge pages come from a reserve of the host, which the memory limit does not count
import ctypes
import mmap

HUGETLB, POPULATE = 0x40000, 0x8000


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_ssize_t
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    held = 0
    for size in (30, 21):  # of 1 GiB, of 2 MiB
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | HUGETLB | POPULATE | size << 26
        while held < 256 << 20 and libc.mmap(None, 1 << size, 3, flags, -1, 0) != -1:
            held += 1 << size
    return {"escaped": held > 64 << 20, "detail": held}

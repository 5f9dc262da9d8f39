# expect: succeeded
# denied: mmap
# why: huge pages come from a reserve of the host, which the memory limit does not count
import ctypes
import errno
import mmap

HUGETLB, POPULATE = 0x40000, 0x8000


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_ssize_t
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    errors = []
    for size in (30, 21):  # of 1 GiB, of 2 MiB
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | HUGETLB | POPULATE | size << 26
        mapped = libc.mmap(None, 1 << size, 3, flags, -1, 0) != -1
        errors.append(0 if mapped else ctypes.get_errno())
    return {"escaped": errors != [errno.EPERM, errno.EPERM], "detail": errors}

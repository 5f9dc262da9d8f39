# expect: succeeded
# why: a read-only shared mapping that is made writable afterwards
import ctypes
import mmap
import os


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    fd = os.open(os.__file__, os.O_RDONLY)
    page = libc.mmap(None, 4096, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
    got = libc.mprotect(page, 4096, mmap.PROT_READ | mmap.PROT_WRITE)
    return {"escaped": got == 0, "detail": os.strerror(ctypes.get_errno())}

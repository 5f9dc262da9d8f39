# expect: succeeded
# why: memory at address 0 turns a null pointer of the kernel into one of the program
import ctypes
import mmap
import os


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_ssize_t
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    fixed = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x10
    got = libc.mmap(None, 4096, mmap.PROT_READ | mmap.PROT_WRITE, fixed, -1, 0)
    return {"escaped": got == 0, "detail": [got, os.strerror(ctypes.get_errno())]}

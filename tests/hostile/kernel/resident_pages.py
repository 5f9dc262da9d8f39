# expect: succeeded
# why: mincore on a mapped file tells which of its pages are in memory, whoever read them
import ctypes
import mmap
import os

NUMBER = {"x86_64": 27, "aarch64": 232}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    page = libc.mmap(None, 4096, mmap.PROT_READ, mmap.MAP_SHARED, os.open(os.__file__, os.O_RDONLY), 0)
    answer = ctypes.create_string_buffer(1)
    got = libc.syscall(NUMBER, ctypes.c_void_p(page), ctypes.c_size_t(4096), answer)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

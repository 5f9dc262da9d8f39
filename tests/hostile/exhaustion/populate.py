# expect: memory_killed | succeeded
# limit: memory
# limits: {"memory_bytes": 67108864}
# why: a gigabyte in a single call: the kernel is at work when the limit is reached, not the program
import ctypes
import mmap


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    pages = mmap.mmap(-1, 1 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    address = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    got = libc.madvise(address, 1 << 30, 23)  # MADV_POPULATE_WRITE
    return {"escaped": got == 0, "detail": got}

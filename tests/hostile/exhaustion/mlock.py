# expect: succeeded
# why: locked memory cannot be reclaimed
import ctypes
import mmap


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    pages = mmap.mmap(-1, 128 << 20)
    address = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    libc.mlock.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    got = [libc.mlock(address, len(pages)), libc.mlockall(3)]
    return {"escaped": 0 in got, "detail": got}

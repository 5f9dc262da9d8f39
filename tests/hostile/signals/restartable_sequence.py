# expect: signalled | failed
# signal: 11
# error: ValueError
# arch: x86_64
# why: a forged sequence in the area that the kernel looks at whenever it puts the thread back on a processor
import ctypes
import threading
import time


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    offset = ctypes.c_ssize_t.in_dll(libc, "__rseq_offset").value
    libc.pthread_self.restype = ctypes.c_size_t
    ctypes.c_uint64.from_address(libc.pthread_self() + offset + 8).value = 0x4141414141414141
    for _ in range(100):
        time.sleep(0.001)
    return {"escaped": False, "detail": "still here"}

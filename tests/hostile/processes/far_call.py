# expect: syscall_denied | signalled
# arch: x86_64
# why: a jump into a 32-bit segment: the whole mode has other numbers, not only its gate
import ctypes
import mmap
import struct

LOW = 0x20000000
# Far return to 0x23:LOW+64, where 20 is getpid; then a far jump to 0x33:LOW+32, back to 64 bits.
ENTER = b"\x6a\x23\x68" + struct.pack("<I", LOW + 64) + b"\x48\xcb"
NARROW = b"\xb8\x14\0\0\0\xcd\x80\xea" + struct.pack("<IH", LOW + 32, 0x33)


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    page = libc.mmap(LOW, 4096, 7, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x10, -1, 0)
    ctypes.memmove(page, ENTER, len(ENTER))
    ctypes.memmove(page + 32, b"\xc3", 1)
    ctypes.memmove(page + 64, NARROW, len(NARROW))
    got = ctypes.CFUNCTYPE(ctypes.c_int)(page)()
    return {"escaped": got > 0, "detail": got}

# expect: succeeded | memory_killed
# limits: {"memory_bytes": 67108864}
# why: every mapping is kernel memory, and so is every name of one; the end of the process has to walk them all
import ctypes
import mmap
import os

PRCTL = {"x86_64": 157, "aarch64": 167}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    pages = mmap.mmap(-1, 1 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    address, made = ctypes.addressof(ctypes.c_char.from_buffer(pages)), 0
    for at in range(0, 1 << 30, 8192):
        place = ctypes.c_void_p(address + at)
        if libc.mprotect(place, 4096, 0) != 0:
            break
        libc.syscall(PRCTL, 0x53564D41, 0, place, ctypes.c_long(4096), b"%078d" % at)
        made += 1
    return {"escaped": made >= 1 << 17, "detail": made}

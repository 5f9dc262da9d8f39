# expect: succeeded
# why: giving itself every capability
import ctypes
import os

NUMBER = {"x86_64": 126, "aarch64": 91}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    everything = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF, 0xFFFFFFFF, 0, 0x1FF, 0x1FF, 0])
    got = libc.syscall(NUMBER, header, everything)
    return {"escaped": got == 0, "detail": os.strerror(ctypes.get_errno())}

# expect: succeeded
# why: no capability in any set
import ctypes
import os

NUMBER = {"x86_64": 125, "aarch64": 90}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if libc.syscall(NUMBER, header, sets) != 0:
        return {"escaped": False, "detail": os.strerror(ctypes.get_errno())}
    return {"escaped": any(sets), "detail": [hex(word) for word in sets]}

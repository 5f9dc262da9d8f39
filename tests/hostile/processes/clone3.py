# expect: succeeded
# why: clone3 passes its flags in memory, where a filter cannot look: it must seem absent
import ctypes
import os

NUMBER = 435


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17)
    got = libc.syscall(NUMBER, arguments, 88)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

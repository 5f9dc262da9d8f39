# expect: succeeded
# denied: cachestat
# why: how much of a shared file is in memory, and how much of it was thrown out: what other jobs have read
import ctypes
import os

NUMBER = 451


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    fd = os.open(os.__file__, os.O_RDONLY)
    part, answer = (ctypes.c_uint64 * 2)(0, 1 << 20), (ctypes.c_uint64 * 5)()
    got = libc.syscall(NUMBER, fd, part, answer, 0)
    return {"escaped": got >= 0, "detail": [os.strerror(ctypes.get_errno()), list(answer)]}

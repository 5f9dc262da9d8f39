# expect: succeeded
# denied: shmget
# why: shared memory by key: a channel to another job
import ctypes
import os

NUMBER = {"x86_64": 29, "aarch64": 194}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 4660, 4096, 0o1666)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

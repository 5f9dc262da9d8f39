# expect: succeeded
# denied: fork
# arch: x86_64
# why: fork by its own number
import ctypes
import os

NUMBER = 57


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

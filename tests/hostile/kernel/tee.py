# expect: succeeded
# denied: tee
# why: tee shares pipe buffers with the page cache
import ctypes
import os

NUMBER = {"x86_64": 276, "aarch64": 77}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    first, second = os.pipe(), os.pipe()
    os.write(first[1], b"x")
    got = libc.syscall(NUMBER, first[0], second[1], 1, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

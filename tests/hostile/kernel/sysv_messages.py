# expect: succeeded
# denied: msgget
# why: a message queue by key: a channel to another job
import ctypes
import os

NUMBER = {"x86_64": 68, "aarch64": 186}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 4660, 0o1666)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

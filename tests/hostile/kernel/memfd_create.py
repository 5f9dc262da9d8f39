# expect: succeeded
# denied: memfd_create
# why: an anonymous file to execute or to pass on
import ctypes
import os

NUMBER = {"x86_64": 319, "aarch64": 279}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"x", 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: syscall_denied
# syscall: unshare
# why: a user namespace gives every capability inside it
import ctypes
import os

NUMBER = {"x86_64": 272, "aarch64": 97}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0x10000000)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: syscall_denied
# syscall: swapon
# why: adding swap
import ctypes
import os

NUMBER = {"x86_64": 167, "aarch64": 224}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"/dev/null", 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

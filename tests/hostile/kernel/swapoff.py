# expect: syscall_denied
# syscall: swapoff
# why: removing swap
import ctypes
import os

NUMBER = {"x86_64": 168, "aarch64": 225}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"/dev/null")
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

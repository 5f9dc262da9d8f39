# expect: syscall_denied
# syscall: pivot_root
# why: exchanging the root
import ctypes
import os

NUMBER = {"x86_64": 155, "aarch64": 41}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"/", b"/")
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

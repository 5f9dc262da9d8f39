# expect: syscall_denied
# syscall: mount
# why: covering the root
import ctypes
import os

NUMBER = {"x86_64": 165, "aarch64": 40}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"none", b"/", b"tmpfs", 0, None)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

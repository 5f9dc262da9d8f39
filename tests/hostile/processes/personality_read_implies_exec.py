# expect: syscall_denied
# syscall: personality
# why: making every readable page executable
import ctypes
import os

NUMBER = {"x86_64": 135, "aarch64": 92}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0x0400000)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

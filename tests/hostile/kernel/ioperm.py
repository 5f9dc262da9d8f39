# expect: syscall_denied
# syscall: ioperm
# arch: x86_64
# why: direct access to one I/O port
import ctypes
import os

NUMBER = 173


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0x80, 1, 1)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

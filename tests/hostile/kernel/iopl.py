# expect: syscall_denied
# syscall: iopl
# arch: x86_64
# why: direct access to I/O ports
import ctypes
import os

NUMBER = 172


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 3)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

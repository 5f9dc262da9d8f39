# expect: syscall_denied
# syscall: fsconfig
# why: the newer mount interface: its parameters have overflowed buffers of the kernel before
import ctypes
import os

NUMBER = 431


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0, 1, b"source", b"x" * 4095, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: syscall_denied
# syscall: fsopen
# why: the newer mount interface
import ctypes
import os

NUMBER = 430


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"tmpfs", 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

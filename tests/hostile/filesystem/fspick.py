# expect: syscall_denied
# syscall: fspick
# why: the newer mount interface: a context for a mount that is there, to change it
import ctypes
import os

NUMBER = 433


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, -100, b"/", 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

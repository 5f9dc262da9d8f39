# expect: syscall_denied
# syscall: fsmount
# why: the newer mount interface: a mount out of a context
import ctypes
import os

NUMBER = 432


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0, 0, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: syscall_denied
# syscall: mount_setattr
# why: the newer mount interface: clearing read-only
import ctypes
import os

NUMBER = 442


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = (ctypes.c_uint64 * 4)(0, 1, 0, 0)
    got = libc.syscall(NUMBER, -100, b"/", 0, attributes, 32)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

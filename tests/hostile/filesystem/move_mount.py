# expect: syscall_denied
# syscall: move_mount
# why: the newer mount interface: moving a mount
import ctypes
import os

NUMBER = 429


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, -100, b"/usr", -100, b"/", 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

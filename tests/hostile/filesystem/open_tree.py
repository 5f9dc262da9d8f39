# expect: syscall_denied
# syscall: open_tree
# why: the newer mount interface: a private copy of the tree
import ctypes
import os

NUMBER = 428


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, -100, b"/", 1)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

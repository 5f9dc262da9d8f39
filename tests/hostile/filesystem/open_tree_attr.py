# expect: syscall_denied
# syscall: open_tree_attr
# why: the newest mount interface: a copy of the tree with other attributes, in one step
import ctypes
import os

NUMBER = 467


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = (ctypes.c_uint64 * 4)(0, 1, 0, 0)
    got = libc.syscall(NUMBER, -100, b"/", 1, attributes, 32)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

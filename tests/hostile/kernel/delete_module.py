# expect: syscall_denied
# syscall: delete_module
# why: removing a kernel module
import ctypes
import os

NUMBER = {"x86_64": 176, "aarch64": 106}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"no_such_module", 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

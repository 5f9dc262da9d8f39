# expect: syscall_denied
# syscall: mount
# why: remounting the root writable
import ctypes
import os

NUMBER = {"x86_64": 165, "aarch64": 40}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, None, b"/", None, 4128, None)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

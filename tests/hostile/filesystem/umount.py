# expect: syscall_denied
# syscall: umount2
# why: detaching a mount to see what is below
import ctypes
import os

NUMBER = {"x86_64": 166, "aarch64": 39}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"/", 2)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

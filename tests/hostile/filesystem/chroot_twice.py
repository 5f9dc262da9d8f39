# expect: syscall_denied
# syscall: chroot
# why: a second chroot with the working directory left outside is the classical way out
import ctypes
import os

NUMBER = {"x86_64": 161, "aarch64": 51}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"/usr")
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

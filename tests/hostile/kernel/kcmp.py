# expect: syscall_denied
# syscall: kcmp
# why: comparing kernel objects of two processes tells kernel addresses
import ctypes
import os

NUMBER = {"x86_64": 312, "aarch64": 272}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 1, 2, 0, 0, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

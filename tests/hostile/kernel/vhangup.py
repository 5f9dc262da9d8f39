# expect: syscall_denied
# syscall: vhangup
# why: hanging up the terminal of whoever started the worker
import ctypes
import os

NUMBER = {"x86_64": 153, "aarch64": 58}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

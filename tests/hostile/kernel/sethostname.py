# expect: syscall_denied
# syscall: sethostname
# why: the host name
import ctypes
import os

NUMBER = {"x86_64": 170, "aarch64": 161}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"owned", 5)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

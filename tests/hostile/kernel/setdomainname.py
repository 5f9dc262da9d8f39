# expect: syscall_denied
# syscall: setdomainname
# why: the domain name
import ctypes
import os

NUMBER = {"x86_64": 171, "aarch64": 162}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"owned", 5)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: succeeded
# denied: socket
# why: a UNIX socket that could meet another one by path or abstract name
import ctypes
import os

NUMBER = {"x86_64": 41, "aarch64": 198}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 1, 1, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

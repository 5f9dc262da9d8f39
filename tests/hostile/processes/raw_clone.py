# expect: succeeded
# denied: clone
# why: a child process by the raw call: clone with SIGCHLD alone
import ctypes
import os

NUMBER = {"x86_64": 56, "aarch64": 220}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 17, None, None, None, None)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

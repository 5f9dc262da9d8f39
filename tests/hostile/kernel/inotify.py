# expect: succeeded
# denied: inotify_init1
# why: watching files that others use
import ctypes
import os

NUMBER = {"x86_64": 294, "aarch64": 26}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

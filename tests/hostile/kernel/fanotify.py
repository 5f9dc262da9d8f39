# expect: succeeded
# denied: fanotify_init
# why: watching whole mounts
import ctypes
import os

NUMBER = {"x86_64": 300, "aarch64": 262}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

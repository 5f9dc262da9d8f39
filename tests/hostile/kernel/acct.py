# expect: syscall_denied
# syscall: acct
# why: turning process accounting off
import ctypes
import os

NUMBER = {"x86_64": 163, "aarch64": 89}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, None)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

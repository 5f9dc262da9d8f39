# expect: succeeded
# denied: prctl
# why: equal pages of all processes merged into one: a slow write then tells what another job holds
import ctypes
import os

NUMBER = {"x86_64": 157, "aarch64": 167}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 67, 1, 0, 0, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: succeeded
# denied: ioprio_set
# why: input and output before everyone else
import ctypes
import os

NUMBER = {"x86_64": 251, "aarch64": 30}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 1, 0, 0x2000)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

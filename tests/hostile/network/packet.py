# expect: succeeded
# denied: socket
# why: raw frames
import ctypes
import os

NUMBER = {"x86_64": 41, "aarch64": 198}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 17, 3, 0x0300)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

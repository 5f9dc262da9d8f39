# expect: succeeded
# denied: socket
# why: the kernel crypto interface: a long list of bugs, and splice into it
import ctypes
import os

NUMBER = {"x86_64": 41, "aarch64": 198}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 38, 5, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

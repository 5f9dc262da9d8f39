# expect: syscall_denied
# syscall: add_key
# why: a key in the user keyring outlives the job
import ctypes
import os

NUMBER = {"x86_64": 248, "aarch64": 217}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"user", b"mark", b"data", 4, -4)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: syscall_denied
# syscall: request_key
# why: looking for the key of another job; may also start a helper on the host
import ctypes
import os

NUMBER = {"x86_64": 249, "aarch64": 218}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"user", b"mark", None, -4)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

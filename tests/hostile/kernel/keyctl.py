# expect: syscall_denied
# syscall: keyctl
# why: joining the session keyring: memory that crosses jobs of one uid
import ctypes
import os

NUMBER = {"x86_64": 250, "aarch64": 219}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0, -3, 1)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

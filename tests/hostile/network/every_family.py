# expect: succeeded
# denied: socket
# why: every address family there is, of every type: each one is code of the kernel
import ctypes
import os

NUMBER = {"x86_64": 41, "aarch64": 198}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    made = [[family, kind] for family in range(64) for kind in (1, 2, 3, 5) if libc.syscall(NUMBER, family, kind, 0) >= 0]
    return {"escaped": bool(made), "detail": made}

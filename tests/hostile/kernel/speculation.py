# expect: succeeded
# denied: prctl
# why: switching off what the kernel does against speculation in a process under a filter
import ctypes
import os

NUMBER = {"x86_64": 157, "aarch64": 167}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = [libc.syscall(NUMBER, 53, which, 2, 0, 0) for which in (0, 1, 2)]
    return {"escaped": max(got) >= 0, "detail": [*got, os.strerror(ctypes.get_errno())]}

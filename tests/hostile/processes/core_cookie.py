# expect: succeeded
# denied: prctl
# why: asking to share a processor core with another process, to watch it there
import ctypes
import os

NUMBER = {"x86_64": 157, "aarch64": 167}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = [libc.syscall(NUMBER, 62, what, 1, 0, 0) for what in (1, 2, 3)]
    return {"escaped": max(got) >= 0, "detail": [*got, os.strerror(ctypes.get_errno())]}

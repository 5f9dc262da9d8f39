# expect: syscall_denied
# arch: x86_64
# why: x32 numbers are another table behind the same architecture tag
import ctypes

X32_GETPID = 0x40000000 + 39


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(X32_GETPID)
    return {"escaped": got >= 0, "detail": got}

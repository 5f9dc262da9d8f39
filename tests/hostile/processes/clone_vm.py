# expect: succeeded
# denied: clone
# why: what posix_spawn does: a child that shares the memory (CLONE_VM, CLONE_VFORK)
import ctypes
import os

NUMBER = {"x86_64": 56, "aarch64": 220}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0x4111, None, None, None, None)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

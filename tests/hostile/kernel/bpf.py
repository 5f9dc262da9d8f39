# expect: syscall_denied
# syscall: bpf
# why: creating a BPF map
import ctypes
import os

NUMBER = {"x86_64": 321, "aarch64": 280}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = (ctypes.c_uint32 * 18)(2, 4, 4, 1)
    got = libc.syscall(NUMBER, 0, attributes, 72)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

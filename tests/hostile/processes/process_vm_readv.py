# expect: syscall_denied
# syscall: process_vm_readv
# why: reading the memory of the process that forks the next job
import ctypes
import os

NUMBER = {"x86_64": 310, "aarch64": 270}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    room = ctypes.create_string_buffer(64)
    local = (ctypes.c_uint64 * 2)(ctypes.addressof(room), 64)
    got = libc.syscall(NUMBER, 1, local, 1, local, 1, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: syscall_denied
# syscall: seccomp
# why: adding a filter with a listener, which answers calls in the place of the supervisor
import ctypes
import os

NUMBER = {"x86_64": 317, "aarch64": 277}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    instruction = (ctypes.c_uint64 * 1)(0x7FFF000000000006)
    program = (ctypes.c_uint64 * 2)(1, ctypes.addressof(instruction))
    got = libc.syscall(NUMBER, 1, 8, program)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: syscall_denied
# syscall: lookup_dcookie
# why: the profiler's names of directories on the host
import ctypes
import os

NUMBER = {"x86_64": 212, "aarch64": 18}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, ctypes.c_long(1), ctypes.create_string_buffer(4096), 4096)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

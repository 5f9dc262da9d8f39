# expect: syscall_denied
# syscall: adjtimex
# why: the speed of the host's clock; reading it tells how it is being steered
import ctypes
import os

NUMBER = {"x86_64": 159, "aarch64": 171}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, ctypes.create_string_buffer(256))
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

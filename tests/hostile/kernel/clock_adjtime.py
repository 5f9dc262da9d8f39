# expect: syscall_denied
# syscall: clock_adjtime
# why: the newer way to steer a clock
import ctypes
import os

NUMBER = {"x86_64": 305, "aarch64": 266}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0, ctypes.create_string_buffer(256))
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

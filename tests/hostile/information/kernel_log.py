# expect: syscall_denied
# syscall: syslog
# why: the kernel log of the host
import ctypes
import os

NUMBER = {"x86_64": 103, "aarch64": 116}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    room = ctypes.create_string_buffer(4096)
    got = libc.syscall(NUMBER, 3, room, 4096)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

# expect: succeeded
# denied: sendmmsg
# why: the calls for many messages at once carry descriptors too
import ctypes
import os
import socket

NUMBERS = {"x86_64": (307, 299, 47), "aarch64": (269, 243, 212)}[os.uname().machine]  # sendmmsg, recvmmsg, recvmsg


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    mine, other = socket.socketpair()
    other.send(b"x")
    message = ctypes.create_string_buffer(64)
    got = [libc.syscall(number, mine.fileno(), message, 1, 0x40, None) for number in NUMBERS]
    return {"escaped": max(got) >= 0, "detail": [*got, os.strerror(ctypes.get_errno())]}

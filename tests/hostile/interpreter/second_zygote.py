# expect: exited
# exit: 125
# why: the library's other entry: a template that forks slots, asked for in a job
import ctypes
import os
import socket


def main():
    _, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    got = ctypes.PyDLL("/cellblock/native.so").cellblock_zygote(other.fileno(), os.open("/", os.O_RDONLY), -1)
    return {"escaped": True, "detail": got}

# expect: exited | no_result
# exit: 125
# why: the library that enters the jail, called once more with a plan of the program's own: higher limits and no filter
import ctypes
import os
import resource
import socket
import struct
import threading


def main():
    mine, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    limit = struct.pack("<IIQQ", resource.RLIMIT_NOFILE, 0, 4096, 4096)
    allow_all = struct.pack("<HBBI", 6, 0, 0, 0x7FFF0000)
    mine.send(struct.pack("<IIII", 0x4342504C, 1, 1, 0) + limit + allow_all)
    threading.Thread(target=mine.recv, args=(16,), daemon=True).start()
    got = ctypes.CDLL("/cellblock/native.so").cellblock_enter(other.fileno())
    return {"escaped": True, "detail": [got, os.getpid()]}

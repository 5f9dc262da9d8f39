# expect: succeeded
# denied: vmsplice
# why: gifting pages into a pipe
import ctypes
import os

NUMBER = {"x86_64": 278, "aarch64": 75}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    reader, writer = os.pipe()
    page = ctypes.create_string_buffer(64)
    vector = (ctypes.c_uint64 * 2)(ctypes.addressof(page), 64)
    got = libc.syscall(NUMBER, writer, vector, 1, 8)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

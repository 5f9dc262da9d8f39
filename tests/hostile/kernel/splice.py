# expect: succeeded
# denied: splice
# why: splice on pages of read-only files has written to them before
import ctypes
import os

NUMBER = {"x86_64": 275, "aarch64": 76}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    reader, writer = os.pipe()
    os.write(writer, b"x")
    got = libc.syscall(NUMBER, reader, None, 1, None, 1, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

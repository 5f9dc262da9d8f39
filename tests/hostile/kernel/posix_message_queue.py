# expect: succeeded
# denied: mq_open
# why: a message queue by name: a channel to another job
import ctypes
import os

NUMBER = {"x86_64": 240, "aarch64": 180}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, b"mark", 0o102, 0o666, None)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

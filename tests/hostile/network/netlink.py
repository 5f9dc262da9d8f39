# expect: succeeded
# denied: socket
# why: netlink configures interfaces, routes and firewalls
import ctypes
import os

NUMBER = {"x86_64": 41, "aarch64": 198}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 16, 3, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

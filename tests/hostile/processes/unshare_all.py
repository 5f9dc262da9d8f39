# expect: syscall_denied
# syscall: unshare
# why: new mount, pid, net, ipc and uts namespaces
import ctypes
import os

NUMBER = {"x86_64": 272, "aarch64": 97}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0x6C020000)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

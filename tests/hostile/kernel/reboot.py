# expect: syscall_denied
# syscall: reboot
# why: reboot, with magic numbers that the kernel itself would refuse
import ctypes
import os

NUMBER = {"x86_64": 169, "aarch64": 142}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, 0, 0, 0, None)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

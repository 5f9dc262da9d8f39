# expect: succeeded
# denied: sched_setattr
# why: the newer scheduling call: a deadline class, or a claim on the processor's highest clock
import ctypes
import os
import struct

NUMBER = {"x86_64": 314, "aarch64": 274}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    deadline = struct.pack("<IIQiIQQQII", 56, 6, 0, 0, 0, 10**6, 10**7, 10**7, 0, 0)
    clamped = struct.pack("<IIQiIQQQII", 56, 0, 0x60, 0, 0, 0, 0, 0, 1024, 1024)
    got = [libc.syscall(NUMBER, 0, wanted, 0) for wanted in (deadline, clamped)]
    return {"escaped": max(got) >= 0, "detail": [*got, os.strerror(ctypes.get_errno())]}

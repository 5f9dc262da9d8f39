# expect: succeeded | memory_killed
# limits: {"wall_ms": 3000}
# why: every timer is kernel memory
import ctypes
import os

NUMBER = {"x86_64": 222, "aarch64": 107}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    event, timer, made = (ctypes.c_int32 * 16)(0, 0, 10, 1), ctypes.c_int(), 0
    while made < 200_000 and libc.syscall(NUMBER, 1, event, ctypes.byref(timer)) == 0:
        made += 1
    return {"escaped": made >= 200_000, "detail": [made, os.strerror(ctypes.get_errno())]}

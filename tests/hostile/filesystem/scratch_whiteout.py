# expect: succeeded
# limits: {"scratch_bytes": 1048576}
# why: a rename that leaves a device node behind needs no right to make one
import ctypes
import os

WHITEOUT = 4


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    os.close(os.open("/tmp/from", os.O_CREAT | os.O_WRONLY))
    got = libc.renameat2(-100, b"/tmp/from", -100, b"/tmp/to", WHITEOUT)
    try:
        opened = os.open("/tmp/from", os.O_RDWR) >= 0
    except OSError:
        opened = False
    return {"escaped": got == 0 and opened, "detail": [got, os.strerror(ctypes.get_errno())]}

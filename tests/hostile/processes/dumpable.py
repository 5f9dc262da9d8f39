# expect: succeeded
# denied: prctl
# why: a process that can be dumped can be read and traced by others of its uid; one that names its tracer, too
import ctypes
import os

NUMBER = {"x86_64": 157, "aarch64": 167}[os.uname().machine]
GET_DUMPABLE, SET_DUMPABLE, SET_PTRACER = 3, 4, 0x59616D61


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    before = libc.syscall(NUMBER, GET_DUMPABLE, 0, 0, 0, 0)
    got = [libc.syscall(NUMBER, option, value, 0, 0, 0) for option, value in ((SET_DUMPABLE, 1), (SET_PTRACER, -1))]
    return {"escaped": before != 0 or max(got) >= 0, "detail": [before, *got, os.strerror(ctypes.get_errno())]}

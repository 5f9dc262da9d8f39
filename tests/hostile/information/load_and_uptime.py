# expect: succeeded
# why: load and uptime of the host tell what the neighbours do
import ctypes
import os

NUMBER = {"x86_64": 99, "aarch64": 179}[os.uname().machine]


def main():
    told = []
    try:
        told.append(os.getloadavg())
    except OSError:
        pass
    fields = (ctypes.c_ulong * 32)()
    if ctypes.CDLL(None, use_errno=True).syscall(NUMBER, fields) == 0:
        told.append(list(fields[:4]))
    return {"escaped": any(any(answer) for answer in told), "detail": told}

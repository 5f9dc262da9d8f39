# expect: succeeded
# why: what the kernel has learnt lately must not be reached before somebody has decided on it
import ctypes
import os

ALLOWED = {436, 439, 441, 449}  # close_range, faccessat2, epoll_pwait2, futex_waitv
ENDING = {*range(424, 434), 438, 440, 442, 443, 447, 467}


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    looked_at = {}
    for number in sorted({*range(424, 520)} - ALLOWED - ENDING):
        if libc.syscall(number, -1, 0, 0, 0, 0, 0) >= 0 or ctypes.get_errno() not in (1, 38):  # EPERM, ENOSYS
            looked_at[number] = os.strerror(ctypes.get_errno())
    return {"escaped": bool(looked_at), "detail": looked_at}

# expect: succeeded
# why: nothing but null, the pipes and what the interpreter opened itself: no socket, no file that can be written
import fcntl
import os
import stat


def main():
    odd = []
    for fd in range(5, 4096):
        try:
            mode, flags = os.fstat(fd).st_mode, fcntl.fcntl(fd, fcntl.F_GETFL)
        except OSError:
            continue
        if stat.S_ISSOCK(mode) or stat.S_ISBLK(mode) or (stat.S_ISREG(mode) and flags & os.O_ACCMODE):
            odd.append([fd, oct(mode), oct(flags)])
    return {"escaped": bool(odd), "detail": odd}

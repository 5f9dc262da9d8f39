# expect: succeeded
# why: a directory descriptor left open from before the root changed leads out by openat
import os
import stat


def main():
    found = []
    for fd in range(4096):
        try:
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                found.append(fd)
        except OSError:
            pass
    return {"escaped": bool(found), "detail": found}

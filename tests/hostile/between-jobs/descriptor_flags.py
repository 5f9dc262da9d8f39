# expect: succeeded
# why: status flags belong to an open file, not to a process: what every job inherits must be opened for each
import fcntl
import os


def main():
    seen = []
    for fd in range(256):
        try:
            flags = fcntl.fcntl(fd, fcntl.F_GETFL)
            fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_NONBLOCK | os.O_APPEND)
        except OSError:
            continue
        if flags & os.O_APPEND:
            seen.append(fd)
    return {"escaped": bool(seen), "detail": seen}

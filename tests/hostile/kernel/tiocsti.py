# expect: succeeded
# denied: ioctl
# why: typing into the terminal of whoever started the worker
import fcntl

TIOCSTI, TIOCLINUX = 0x5412, 0x541C


def main():
    worked = []
    for fd in range(6):
        for request in (TIOCSTI, TIOCLINUX):
            try:
                fcntl.ioctl(fd, request, b"\n")
                worked.append([fd, hex(request)])
            except OSError:
                pass
    return {"escaped": bool(worked), "detail": worked}

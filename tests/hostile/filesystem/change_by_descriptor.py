# expect: succeeded
# why: what a descriptor of a read-only file, directory or device allows besides writing
import fcntl
import os

SETFLAGS, PUNCH_HOLE = 0x40086602, 3


def attempts(fd):
    yield lambda: os.ftruncate(fd, 0)
    yield lambda: os.fchmod(fd, 0o4777)
    yield lambda: os.fchown(fd, os.getuid(), -1)
    yield lambda: os.utime(fd)
    yield lambda: os.utime(fd, (1, 1))
    yield lambda: os.setxattr(fd, "user.mark", b"1")
    yield lambda: os.posix_fallocate(fd, 0, 1 << 20)
    yield lambda: fcntl.ioctl(fd, SETFLAGS, b"\x10\0\0\0\0\0\0\0")
    yield lambda: os.open("mark", os.O_CREAT | os.O_WRONLY, dir_fd=fd)
    yield lambda: os.rename("posixpath.py", "mark", src_dir_fd=fd, dst_dir_fd=fd)


def main():
    worked = []
    for path in (os.__file__, os.path.dirname(os.__file__), "/", "/dev", "/dev/null", "/dev/urandom"):
        for flags in (os.O_RDONLY, os.O_PATH):
            fd = os.open(path, flags)
            for number, attempt in enumerate(attempts(fd)):
                try:
                    attempt()
                    worked.append([path, flags, number])
                except OSError:
                    pass
    for number, attempt in enumerate(attempts(0)):
        try:
            attempt()
            worked.append([0, number])
        except OSError:
            pass
    return {"escaped": bool(worked), "detail": worked}

# expect: signalled
# signal: 7
# limits: {"scratch_bytes": 1048576}
# why: memory that is gone when it is touched, because its file was cut
import mmap
import os


def main():
    fd = os.open("/tmp/file", os.O_CREAT | os.O_RDWR)
    os.ftruncate(fd, 8192)
    page = mmap.mmap(fd, 8192)
    os.ftruncate(fd, 0)
    return {"escaped": True, "detail": page[4096]}

# expect: succeeded
# denied: preadv2
# why: a read that fails where it would wait for the disk tells which pages of a shared file are in memory
import os

NOWAIT = 8


def main():
    fd = os.open(os.__file__, os.O_RDONLY)
    try:
        return {"escaped": True, "detail": os.preadv(fd, [bytearray(4096)], 0, NOWAIT)}
    except OSError as error:
        return {"escaped": False, "detail": str(error)}

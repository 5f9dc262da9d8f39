# expect: succeeded
# limits: {"scratch_bytes": 1048576}
# why: files that are removed and still open, mapped and being written to when the directory goes
import mmap
import os
import threading


def write(page):
    while True:
        page[:4096] = bytes(4096)


def main():
    kept = [os.open(f"/tmp/{n}", os.O_CREAT | os.O_RDWR) for n in range(50)]
    for n, fd in enumerate(kept):
        os.ftruncate(fd, 8192)
        os.unlink(f"/tmp/{n}")
    os.mkdir("/tmp/gone")
    os.chdir("/tmp/gone")
    os.rmdir("/tmp/gone")
    threading.Thread(target=write, args=(mmap.mmap(kept[0], 8192),), daemon=True).start()
    try:
        os.open("..", os.O_RDONLY)
        out = os.stat("..").st_ino != os.stat("/tmp").st_ino
    except OSError:
        out = False
    return {"escaped": out, "detail": out}

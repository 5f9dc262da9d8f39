# expect: succeeded
# why: memory that the kernel hands out must be clean of what the last job held
import mmap


def main():
    pages = mmap.mmap(-1, 64 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    dirty = pages[:].count(0) != len(pages)
    pages[:] = b"CELLBLOCK-MARK!!" * (len(pages) // 16)
    return {"escaped": dirty, "detail": dirty}

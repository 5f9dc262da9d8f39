# expect: succeeded
# denied: madvise
# why: a page that the host merges with an equal one of another process is slower to write to: what it holds can be guessed
import mmap


def main():
    pages = mmap.mmap(-1, 1 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    done = []
    for advice in (12, 21, 25, 100, 101):  # MERGEABLE, PAGEOUT, COLLAPSE, HWPOISON, SOFT_OFFLINE
        try:
            pages.madvise(advice)
            done.append(advice)
        except OSError:
            pass
    for advice in (mmap.MADV_DONTNEED, mmap.MADV_FREE, mmap.MADV_HUGEPAGE):
        pages.madvise(advice)
    return {"escaped": bool(done), "detail": done}

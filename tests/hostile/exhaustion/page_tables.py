# expect: memory_killed | memory_error | succeeded
# limits: {"memory_bytes": 67108864}
# why: one page touched in every 2 MiB costs a page table each
import mmap

NO_RESERVE = 0x4000  # mmap.MAP_NORESERVE, from Python 3.13 on


def main():
    kept = []
    try:
        while len(kept) < 64:
            pages = mmap.mmap(-1, 1 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NO_RESERVE)
            pages.madvise(mmap.MADV_NOHUGEPAGE)
            for at in range(0, len(pages), 2 << 20):
                pages[at] = 1
            kept.append(pages)
    except OSError as error:
        return {"escaped": False, "detail": str(error)}
    return {"escaped": True, "detail": "32,768 page tables in 64 MiB"}

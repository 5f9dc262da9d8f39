# expect: memory_killed | memory_error
# why: memory that no allocator knows of
import mmap


def main():
    kept = []
    for _ in range(64):
        pages = mmap.mmap(-1, 64 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for at in range(0, len(pages), 4096):
            pages[at] = 1
        kept.append(pages)
    return {"escaped": True, "detail": len(kept)}

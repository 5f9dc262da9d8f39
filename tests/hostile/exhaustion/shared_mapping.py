# expect: memory_killed | memory_error
# why: shared anonymous memory is tmpfs inside and must be charged all the same
import mmap


def main():
    pages = mmap.mmap(-1, 2 << 30)
    for at in range(0, len(pages), 4096):
        pages[at] = 1
    return {"escaped": True, "detail": len(pages)}

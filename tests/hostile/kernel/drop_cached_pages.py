# expect: succeeded
# denied: fadvise64
# why: pages of a shared file thrown out of memory: faults then tell whether another job has read it since
import contextlib
import mmap
import os
import pathlib
import resource


def faults(fd, size):
    page = mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ)
    page.madvise(mmap.MADV_RANDOM)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_majflt
    sum(page[at] for at in range(0, size, mmap.PAGESIZE))
    return resource.getrusage(resource.RUSAGE_SELF).ru_majflt - before


def main():
    files = [(path.stat().st_size, path) for path in pathlib.Path(os.__file__).parent.glob("*.py") if path.is_file()]
    size, path = max(files)  # it is read only when it is imported, and mapped by nobody
    fd = os.open(path, os.O_RDONLY)
    seen = [faults(fd, size), faults(fd, size)]
    page = mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ)
    for drop in (
        lambda: os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED),
        lambda: os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_NOREUSE),
        lambda: page.madvise(21),  # MADV_PAGEOUT
    ):
        with contextlib.suppress(OSError):
            drop()
    seen.append(faults(fd, size))
    return {"escaped": seen[2] > 0, "detail": seen}

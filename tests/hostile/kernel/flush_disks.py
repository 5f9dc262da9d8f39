# expect: succeeded
# output: {"escaped": false}
# why: a file that is open for reading can be synced: each call makes the host's disk write out its cache, and wait for it
import mmap
import os
import resource


def waits(attempt):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    for _ in range(20):
        attempt()
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before


def main():
    fd = os.open(os.__file__, os.O_RDONLY)
    page = mmap.mmap(fd, 4096, mmap.MAP_SHARED, mmap.PROT_READ)
    attempts = (lambda: os.fsync(fd), lambda: os.fdatasync(fd), page.flush)
    return {"escaped": max(map(waits, attempts)) >= 10}

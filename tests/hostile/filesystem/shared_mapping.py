# expect: succeeded
# why: a writable shared mapping of a read-only file
import mmap
import os


def main():
    with open(os.__file__, "rb") as file:
        try:
            page = mmap.mmap(file.fileno(), 4096, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
            page[0] = page[0]
            return {"escaped": True, "detail": "mapped and written"}
        except OSError as error:
            return {"escaped": False, "detail": str(error)}

# expect: succeeded
# limits: {"scratch_bytes": 1048576}
# why: a sparse file of 1 PiB, for whoever copies or measures the directory afterwards
import os


def main():
    with open("/tmp/sparse", "wb") as file:
        try:
            os.truncate(file.fileno(), 1 << 50)
        except OSError as error:
            return {"escaped": False, "detail": str(error)}
        seen = os.fstat(file.fileno())
    return {"escaped": seen.st_blocks * 512 > 1 << 20, "detail": [seen.st_size, seen.st_blocks]}

# expect: succeeded
# limits: {"scratch_bytes": 4194304}
# why: a thousand directories deep: longer than any path, a trap for whoever removes it
import os


def main():
    os.chdir("/tmp")
    depth = 0
    try:
        while depth < 1000:
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
            depth += 1
    except OSError as error:
        return {"escaped": False, "detail": [depth, str(error)]}
    return {"escaped": False, "detail": depth}

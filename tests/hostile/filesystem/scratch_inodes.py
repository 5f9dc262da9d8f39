# expect: succeeded | memory_killed
# limits: {"scratch_bytes": 1048576, "wall_ms": 5000}
# why: empty files cost no bytes of the scratch directory, but inodes, which are kernel memory
import os


def main():
    made = 0
    try:
        while made < 200_000:
            os.close(os.open(f"/tmp/{made}", os.O_CREAT | os.O_WRONLY))
            made += 1
    except OSError as error:
        return {"escaped": made > 100_000, "detail": [made, str(error)]}
    return {"escaped": True, "detail": made}

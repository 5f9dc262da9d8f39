# expect: succeeded
# limits: {"scratch_bytes": 1048576}
# why: a file that another job left in its scratch directory
import os


def main():
    seen = os.listdir("/tmp")
    with open("/tmp/left_behind", "w") as file:
        file.write("CELLBLOCK-MARK")
    return {"escaped": bool(seen), "detail": seen}

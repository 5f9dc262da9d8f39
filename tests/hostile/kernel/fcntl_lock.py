# expect: succeeded
# denied: fcntl
# why: a record lock on a file that all jobs share is a channel of one bit a byte
import fcntl
import os


def main():
    with open(os.__file__, "rb") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, 100)
            return {"escaped": True, "detail": "locked"}
        except OSError as error:
            return {"escaped": False, "detail": str(error)}

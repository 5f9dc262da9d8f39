# expect: succeeded
# denied: flock
# why: a lock on a file that all jobs share is a channel, and can block them
import fcntl
import os


def main():
    with open(os.__file__, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return {"escaped": True, "detail": "locked"}
        except OSError as error:
            return {"escaped": False, "detail": str(error)}

# expect: succeeded
# why: the processes that a job can find by their numbers are those of its own namespace
import os


def main():
    found = []
    for pid in range(1, 32768):
        try:
            os.getsid(pid)
            found.append(pid)
        except OSError:
            pass
    return {"escaped": len(found) > 4, "detail": found[:10]}

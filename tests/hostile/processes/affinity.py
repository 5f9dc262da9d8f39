# expect: succeeded
# denied: sched_setaffinity
# why: choosing the processor, to meet a victim there
import os


def main():
    try:
        os.sched_setaffinity(0, {0})
        return {"escaped": True, "detail": "pinned"}
    except OSError as error:
        return {"escaped": False, "detail": str(error)}

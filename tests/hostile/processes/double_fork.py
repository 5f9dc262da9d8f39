# expect: failed
# denied: clone
# error: PermissionError
# why: a daemon: two forks and a session of its own, to outlive the job and hold its stdout
import os
import time


def main():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(0)
    return {"escaped": True, "detail": "a child outlives main"}

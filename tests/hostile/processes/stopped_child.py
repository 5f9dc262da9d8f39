# expect: failed
# denied: clone
# error: PermissionError
# why: a stopped child at the deadline ignores everything but SIGKILL
import os
import signal


def main():
    if (child := os.fork()) == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
    os.waitpid(child, 0)
    return {"escaped": True, "detail": child}

# expect: signalled
# signal: 9
# why: SIGKILL to itself is not a memory kill
import os


def main():
    os.kill(os.getpid(), 9)
    return {"escaped": False, "detail": "still here"}

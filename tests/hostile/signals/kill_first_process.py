# expect: succeeded
# denied: kill
# why: the first process of the namespace is its reaper: all end with it
import os
import signal


def main():
    worked = []
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSTOP, 0):
        for pid in {1, os.getppid()} - {0}:
            try:
                os.kill(pid, number)
                worked.append([pid, number])
            except OSError:
                pass
    return {"escaped": bool(worked), "detail": worked}

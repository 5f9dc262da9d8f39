# expect: succeeded
# why: a better priority than the others, or that of another process
import os


def main():
    worked = []
    for name, change in {
        "nice": lambda: os.nice(-20),
        "other": lambda: os.setpriority(os.PRIO_PROCESS, 1, 19),
        "all": lambda: os.setpriority(os.PRIO_USER, 0, -5),
    }.items():
        try:
            change()
            worked.append(name)
        except OSError:
            pass
    return {"escaped": bool(worked), "detail": worked}

# expect: succeeded
# why: joining the group or session of another process, which takes part in its signals and its terminal
import os


def main():
    worked = []
    attempts = {
        "session": os.setsid,
        "group of the first process": lambda: os.setpgid(0, 1),
        "group of its own": lambda: os.setpgid(0, 0),
        "group of another": lambda: os.setpgid(1, 1),
        "terminal": lambda: os.tcsetpgrp(0, os.getpgrp()),
        "terminal of the session": lambda: os.open("/dev/tty", os.O_RDWR),
        "new terminal": os.openpty,
    }
    for name, attempt in attempts.items():
        try:
            attempt()
            worked.append(name)
        except OSError:
            pass
    return {"escaped": bool(worked), "detail": worked}

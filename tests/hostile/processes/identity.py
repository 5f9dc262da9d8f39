# expect: succeeded
# why: neither root nor the first process of its namespace, and no way to become so
import os


def main():
    ids = [*os.getresuid(), *os.getresgid(), *os.getgroups()]
    gained = []
    for name, change in {
        "setuid": lambda: os.setuid(0),
        "setresuid": lambda: os.setresuid(0, 0, 0),
        "setgid": lambda: os.setgid(0),
        "setresgid": lambda: os.setresgid(0, 0, 0),
        "setgroups": lambda: os.setgroups([0]),
    }.items():
        try:
            change()
            gained.append(name)
        except OSError:
            pass
    return {"escaped": 0 in ids or os.getpid() == 1 or bool(gained), "detail": [ids, os.getpid(), gained]}

# expect: succeeded
# limits: {"scratch_bytes": 1048576}
# why: the scratch directory itself, made unreadable, moved or replaced, for whoever looks into it afterwards
import os


def main():
    os.mkdir("/tmp/inner")
    worked = []
    attempts = {
        "move": lambda: os.rename("/tmp", "/tmp2"),
        "remove": lambda: os.rmdir("/tmp"),
        "replace": lambda: os.symlink("/", "/tmp"),
        "give away": lambda: os.chown("/tmp", 0, 0),
    }
    for name, attempt in attempts.items():
        try:
            attempt()
            worked.append(name)
        except OSError:
            pass
    os.chmod("/tmp", 0)
    return {"escaped": bool(worked), "detail": worked}

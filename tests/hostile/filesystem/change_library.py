# expect: succeeded
# why: a changed library file would reach every later job
import os


def attempts(path):
    yield lambda: os.open(path, os.O_WRONLY)
    yield lambda: os.open(path, os.O_RDWR | os.O_APPEND)
    yield lambda: os.truncate(path, 0)
    yield lambda: os.unlink(path)
    yield lambda: os.rename(path, path + ".old")
    yield lambda: os.chmod(path, 0o777)
    yield lambda: os.utime(path, (0, 0))
    yield lambda: os.setxattr(path, "user.mark", b"1")


def main():
    worked = []
    for path in (os.__file__, "/cellblock/harness.py", "/cellblock/native.so"):
        for number, attempt in enumerate(attempts(path)):
            try:
                attempt()
                worked.append([path, number])
            except OSError:
                pass
    return {"escaped": bool(worked), "detail": worked}

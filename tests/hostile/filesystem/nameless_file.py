# expect: succeeded
# why: a file without a name needs no place in a directory, only a file system that can be written
import os


def main():
    made = []
    for folder in ("/", "/tmp", "/dev", "/cellblock", os.path.dirname(os.__file__)):
        try:
            os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
            made.append(folder)
        except OSError:
            pass
    return {"escaped": bool(made), "detail": made}

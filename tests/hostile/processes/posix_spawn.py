# expect: failed
# denied: clone
# error: PermissionError
# why: spawning without fork
import os


def main():
    child = os.posix_spawn("/usr/bin/python3", ["python3", "-c", "pass"], {})
    return {"escaped": True, "detail": child}

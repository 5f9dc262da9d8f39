# expect: failed
# denied: clone
# error: PermissionError
# why: a child process by way of the library
import os


def main():
    child = os.fork()
    if child == 0:
        os._exit(0)
    return {"escaped": True, "detail": child}

# expect: succeeded
# denied: landlock_create_ruleset
# why: asking for Landlock tells what the jail uses of it
import ctypes
import os

NUMBER = 444


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(NUMBER, None, 0, 1)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}

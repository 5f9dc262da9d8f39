# expect: succeeded
# why: a variable set by another job, in Python's copy and in the C library's
import ctypes
import os


def main():
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p
    seen = ["LEFT_BEHIND" in os.environ, libc.getenv(b"LEFT_BEHIND") is not None]
    os.environ["LEFT_BEHIND"] = "1"
    return {"escaped": any(seen), "detail": seen}

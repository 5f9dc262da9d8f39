# expect: succeeded
# limits: {"scratch_bytes": 8388608}
# why: native code that the program brings along must not be loaded from a place it can write
import ctypes
import os
import shutil
import sys


def main():
    library = next(module.__file__ for module in map(__import__, ("_ctypes", "_bz2", "_lzma")) if getattr(module, "__file__", None))
    shutil.copyfile(library, "/tmp/own.so")
    try:
        ctypes.CDLL("/tmp/own.so")
        return {"escaped": True, "detail": library}
    except OSError as error:
        return {"escaped": False, "detail": str(error)}

# expect: succeeded
# why: the environment holds what the jail puts there and nothing of the worker's
import ctypes
import os

EXPECTED = {"HOME", "LANG", "TZ", "LC_CTYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"}


def main():
    environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    names, at = set(os.environ), 0
    while environ[at] is not None:
        names.add(environ[at].split(b"=")[0].decode())
        at += 1
    return {"escaped": bool(names - EXPECTED), "detail": sorted(names - EXPECTED)}

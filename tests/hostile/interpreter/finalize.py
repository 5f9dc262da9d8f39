# expect: exited | signalled | no_result | timed_out
# limits: {"wall_ms": 1000}
# why: the interpreter taken down from inside, with the harness on its stack
import ctypes


def main():
    ctypes.pythonapi.Py_FinalizeEx()
    return {"escaped": True, "detail": "still here"}

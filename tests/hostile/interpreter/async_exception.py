# expect: succeeded | failed | exited | no_result | bad_result | signalled
# limits: {"wall_ms": 2000}
# why: a thread that throws an exception into the main thread again and again, while the harness answers
import ctypes
import threading

MAIN = threading.main_thread().ident


def throw():
    while True:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(MAIN), ctypes.py_object(ZeroDivisionError))
        threading.Event().wait(0.0001)


def main():
    threading.Thread(target=throw, daemon=True).start()
    return {"escaped": False, "detail": ["x" * 1000] * 500}

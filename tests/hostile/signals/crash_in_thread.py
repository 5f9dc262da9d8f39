# expect: signalled
# signal: 11
# why: a crash in another thread while main sleeps
import ctypes
import threading
import time


def main():
    threading.Thread(target=ctypes.string_at, args=(0,)).start()
    time.sleep(5)
    return {"escaped": False, "detail": "still here"}

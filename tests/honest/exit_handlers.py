# expect: succeeded
# output: {"ok": true}
# why: a program that registers exit handlers and daemon threads has its result all the same
import atexit
import threading
import time


def main():
    atexit.register(lambda: None)
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return {"ok": True}

# expect: succeeded
# output: {"escaped": false}
# limits: {"wall_ms": 3000}
# why: threads that are still busy when main returns neither hold the result back nor live on
import threading


def spin():
    while True:
        pass


def main():
    threading.Thread(target=spin, daemon=True).start()
    threading.Thread(target=threading.Event().wait).start()
    return {"escaped": False}

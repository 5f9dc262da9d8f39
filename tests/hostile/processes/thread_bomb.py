# expect: succeeded
# limits: {"wall_ms": 5000}
# why: threads are counted, and the program is told when there are no more
import threading


def main():
    gate = threading.Event()
    started = 0
    try:
        while started < 2000:
            threading.Thread(target=gate.wait, daemon=True).start()
            started += 1
    except RuntimeError as error:
        return {"escaped": started > 64, "detail": [started, str(error)]}
    finally:
        gate.set()
    return {"escaped": True, "detail": started}

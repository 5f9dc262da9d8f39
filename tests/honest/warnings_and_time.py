# expect: succeeded
# output: {"ok": true}
# stderr: UserWarning
# why: warnings show the program's own line; a short sleep and a timer work
import time
import warnings


def main():
    started = time.perf_counter()
    warnings.warn("careful")
    time.sleep(0.05)
    return {"ok": 0.04 < time.perf_counter() - started < 5}

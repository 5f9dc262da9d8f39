# expect: timed_out
# limit: wall
# limits: {"wall_ms": 700}
# why: a loop that catches whatever might be thrown into it
import time


def main():
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass

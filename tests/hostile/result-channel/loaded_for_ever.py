# expect: timed_out
# limit: wall
# limits: {"wall_ms": 500}
# why: a program that says again and again that it is loaded gets no more time by it
import os
import time


def main():
    while True:
        os.write(4, b"\0\0\0\0\x10")
        time.sleep(0.01)

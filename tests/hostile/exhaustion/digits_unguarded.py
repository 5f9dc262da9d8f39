# expect: timed_out
# limit: wall
# limits: {"wall_ms": 800}
# why: the same with the guard switched off
import sys


def main():
    sys.set_int_max_str_digits(0)
    return {"even": int("9" * 10**7) % 2 == 0}

# expect: timed_out
# limit: wall
# limits: {"wall_ms": 600}
# why: sleeping uses no processor and holds a slot
import time


def main():
    time.sleep(3600)

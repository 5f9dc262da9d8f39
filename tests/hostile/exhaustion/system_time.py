# expect: timed_out
# limit: cpu
# limits: {"wall_ms": 8000, "cpu_ms": 500}
# why: time spent in the kernel counts as processor time
import os


def main():
    zero = os.open("/dev/zero", os.O_RDONLY)
    while True:
        os.read(zero, 1 << 20)

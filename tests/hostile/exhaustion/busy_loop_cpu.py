# expect: timed_out
# limit: cpu
# limits: {"wall_ms": 8000, "cpu_ms": 500}
# why: processor time ends before time on the wall does
def main():
    while True:
        pass

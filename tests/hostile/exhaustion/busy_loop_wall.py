# expect: timed_out
# limit: wall
# limits: {"wall_ms": 800, "cpu_ms": 60000}
# why: a loop that never gives the processor back
def main():
    while True:
        pass

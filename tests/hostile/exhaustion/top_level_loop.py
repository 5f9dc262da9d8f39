# expect: timed_out
# limit: wall
# limits: {"wall_ms": 700}
# why: the deadline covers the program's top level too, before main exists
while True:
    pass


def main():
    return {}

# expect: timed_out
# limit: wall
# limits: {"wall_ms": 800}
# why: keys that all hash to the same slot make a dictionary quadratic
def main():
    return {"size": len({number * (2**61 - 1): 0 for number in range(200_000)})}

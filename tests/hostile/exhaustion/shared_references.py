# expect: bad_result | memory_killed | memory_error | timed_out
# detail: too_large
# limits: {"wall_ms": 2000}
# why: a list of lists of lists: a kilobyte in memory, a terabyte as text
def main():
    level = "x" * 100
    for _ in range(10):
        level = [level] * 10
    return {"deep": level}

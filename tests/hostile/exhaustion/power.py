# expect: timed_out | memory_killed | memory_error
# limits: {"wall_ms": 800}
# why: a power whose result has 370 million digits, in one instruction
def main():
    return {"digits": len(str(9**9**9))}

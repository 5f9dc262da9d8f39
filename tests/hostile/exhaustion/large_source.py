# expect: memory_killed | memory_error | timed_out
# limits: {"wall_ms": 5000, "memory_bytes": 134217728}
# why: 50 MB of source, compiled
def main():
    compile("x=1\n" * 12_500_000, "large", "exec")
    return {"escaped": True, "detail": "compiled in 128 MiB"}

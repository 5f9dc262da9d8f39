# expect: memory_killed | memory_error | succeeded
# limits: {"scratch_bytes": 1073741824, "memory_bytes": 134217728}
# why: a scratch directory larger than the memory limit must not be a way past it
def main():
    block, written = b"x" * (1 << 20), 0
    try:
        with open("/tmp/big", "wb", buffering=0) as file:
            while written < 1 << 30:
                written += file.write(block)
    except OSError as error:
        return {"escaped": written > 256 << 20, "detail": [written, str(error)]}
    return {"escaped": True, "detail": written}

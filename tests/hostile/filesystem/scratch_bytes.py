# expect: succeeded | memory_killed
# limits: {"scratch_bytes": 1048576}
# why: the scratch directory holds what was asked for and no more
def main():
    written = 0
    try:
        with open("/tmp/big", "wb", buffering=0) as file:
            while written < 64 << 20:
                written += file.write(b"x" * 65536)
    except OSError as error:
        return {"escaped": written > 2 << 20, "detail": [written, str(error)]}
    return {"escaped": True, "detail": written}

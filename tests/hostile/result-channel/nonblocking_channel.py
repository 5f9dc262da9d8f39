# expect: succeeded | no_result
# limits: {"output_bytes": 8388608}
# why: a channel that refuses what it has no room for, in the middle of a frame
import os


def main():
    os.set_blocking(4, False)
    return {"escaped": False, "detail": "x" * 4_000_000}

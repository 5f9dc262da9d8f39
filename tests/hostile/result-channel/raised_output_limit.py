# expect: output_exceeded | bad_result
# limits: {"output_bytes": 65536}
# why: the harness's own limit lifted from inside: the worker has one too
import gc


def main():
    for thing in gc.get_objects():
        if type(thing).__name__ == "Program" and hasattr(thing, "output_bytes"):
            thing.output_bytes = 1 << 40
    return {"escaped": True, "detail": "x" * 2_000_000}

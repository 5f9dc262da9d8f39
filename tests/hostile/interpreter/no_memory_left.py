# expect: failed | memory_error | no_result | succeeded | signalled | exited | bad_result
# why: no memory is left for the harness to answer with
import resource


def main():
    kept = [bytes(1 << 20)]
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        resource.setrlimit(limit, (1 << 20, 1 << 20))
    return {"escaped": False, "detail": [str(number) for number in range(100_000)], "size": len(kept)}

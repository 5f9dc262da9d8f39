# expect: bad_result
# detail: lone_surrogate
# why: the same in a key, built of the two bytes that escape decoding
def main():
    return {b"\xff".decode("utf-8", "surrogateescape"): 1}

# expect: bad_result
# detail: too_deep
# why: a hundred thousand levels
def main():
    nested = {}
    for _ in range(100_000):
        nested = {"a": nested}
    return nested

# expect: bad_result
# detail: bad_key
# why: a key that is no string
def main():
    return {(1, 2): "x"}

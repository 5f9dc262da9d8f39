# expect: failed
# error: ZeroDivisionError
# why: an exception at the top level
RATIO = 1 / 0


def main():
    return {}

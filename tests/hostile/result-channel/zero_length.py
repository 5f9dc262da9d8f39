# expect: bad_result
# detail: forged
# why: a value frame without payload, not even an index
import os


def main():
    os.write(4, b"\x00\x00\x00\x00\x12")
    return {"escaped": False}

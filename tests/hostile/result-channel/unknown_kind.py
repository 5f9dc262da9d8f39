# expect: bad_result
# detail: forged
# why: a frame of a kind that does not exist
import os


def main():
    os.write(4, b"\x02\x00\x00\x00\x7f{}")
    return {"escaped": False}

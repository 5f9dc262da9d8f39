# expect: bad_result
# detail: forged
# why: a frame that announces 4 GiB: nothing may be allocated for it
import os


def main():
    os.write(4, b"\xff\xff\xff\xff\x12" + bytes(64))
    return {"escaped": False}

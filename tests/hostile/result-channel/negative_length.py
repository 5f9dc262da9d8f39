# expect: bad_result
# detail: forged
# why: a length that is negative to whoever reads it as signed
import os


def main():
    os.write(4, b"\x00\x00\x00\x80\x12" + bytes(64))
    return {"escaped": False}

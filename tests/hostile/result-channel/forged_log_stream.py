# expect: bad_result
# detail: forged
# why: a log frame for a stream that does not exist
import os
import struct


def main():
    os.write(4, struct.pack("<IBB", 5, 0x11, 9) + b"text")
    return {"escaped": False}

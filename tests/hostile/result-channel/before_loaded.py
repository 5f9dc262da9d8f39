# expect: bad_result
# detail: forged
# why: a result before the program has said that it is loaded
import os
import struct

TEXT = b'{"escaped": true}'
os.write(4, struct.pack("<IBQ", 8 + len(TEXT), 0x12, 0) + TEXT)


def main():
    return {"escaped": False}

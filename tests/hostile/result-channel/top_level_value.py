# expect: bad_result
# detail: forged
# why: a result for the program itself, by the number that only errors may have
import os
import struct

TEXT = b'{"escaped": true}'


def main():
    os.write(4, struct.pack("<IBQ", 8 + len(TEXT), 0x12, 2**64 - 1) + TEXT)
    return {"escaped": True}

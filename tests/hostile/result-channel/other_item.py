# expect: bad_result
# detail: forged
# why: a result for another item than the one that was handed out
import os
import struct


def main():
    text = b'{"escaped": true}'
    os.write(4, struct.pack("<IBQ", 8 + len(text), 0x12, 7) + text)
    return {"escaped": False}

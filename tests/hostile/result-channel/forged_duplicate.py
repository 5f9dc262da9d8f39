# expect: bad_result
# why: a value frame with the same key twice, past the harness
import os
import struct


def main():
    text = b'{"escaped": false, "escaped": true}'
    os.write(4, struct.pack("<IBQ", 8 + len(text), 0x12, 0) + text)
    return {"escaped": False}

# expect: succeeded
# output: {"escaped": false, "which": "first"}
# why: the first complete result counts, and the second changes nothing
import os
import struct


def main():
    text = b'{"escaped": false, "which": "first"}'
    os.write(4, struct.pack("<IBQ", 8 + len(text), 0x12, 0) + text)
    return {"escaped": True, "which": "second"}

# expect: bad_result
# why: a value frame with bytes that are no UTF-8, past the harness
import os
import struct


def main():
    text = b'{"value": "\xed\xa0\x80\xff"}'
    os.write(4, struct.pack("<IBQ", 8 + len(text), 0x12, 0) + text)
    return {"escaped": False}

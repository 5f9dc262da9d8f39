# expect: bad_result
# detail: forged
# why: a value frame whose payload is no JSON
import os
import struct


def main():
    text = b"{escaped: false}"
    os.write(4, struct.pack("<IBQ", 8 + len(text), 0x12, 0) + text)
    return {"escaped": False}

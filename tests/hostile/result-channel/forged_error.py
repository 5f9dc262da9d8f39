# expect: bad_result
# detail: forged
# why: an error frame whose fields have other types
import os
import struct


def main():
    text = b'{"type": [], "message": {"a": 1}, "line": "x", "traceback": 5}'
    os.write(4, struct.pack("<IBQ", 8 + len(text), 0x13, 0) + text)
    return {"escaped": False}

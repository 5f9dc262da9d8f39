# expect: bad_result
# detail: forged
# why: an exit frame whose status is no status
import os
import struct

TEXT = b'{"code": 1e400}'


def main():
    os.write(4, struct.pack("<IBQ", 8 + len(TEXT), 0x16, 0) + TEXT)
    return {"escaped": True}

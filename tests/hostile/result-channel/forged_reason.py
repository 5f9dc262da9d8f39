# expect: bad_result
# detail: forged
# why: a refusal for a reason that does not exist
import os
import struct

TEXT = b'{"why": "../../metrics{label=\\"x\\"}", "message": "none"}'


def main():
    os.write(4, struct.pack("<IBQ", 8 + len(TEXT), 0x15, 0) + TEXT)
    return {"escaped": True}

# expect: memory_error
# why: a program that says it ran out of memory: nothing was killed, and its words are cut to the usual length
import os
import struct

TEXT = b'{"type": "MemoryError", "message": "' + b"x" * 100_000 + b'", "line": -1, "traceback": []}'


def main():
    os.write(4, struct.pack("<IBQ", 8 + len(TEXT), 0x14, 0) + TEXT)
    return {"escaped": True}

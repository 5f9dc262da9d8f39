# expect: bad_result
# why: a value frame of a hundred thousand levels, past the harness: a parser that recurses would crash
import os
import struct


def main():
    text = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    frame = struct.pack("<IBQ", 8 + len(text), 0x12, 0) + text
    while frame:
        frame = frame[os.write(4, frame) :]
    return {"escaped": False}

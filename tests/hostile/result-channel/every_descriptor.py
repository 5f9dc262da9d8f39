# expect: succeeded
# output: {"escaped": false}
# why: a well-formed frame on every descriptor except the result channel
import os
import struct

TEXT = b'{"escaped": true}'


def main():
    for fd in range(256):
        try:
            if fd != 4:
                os.write(fd, struct.pack("<IBQ", 8 + len(TEXT), 0x12, 0) + TEXT)
        except OSError:
            pass
    return {"escaped": False}

# expect: succeeded | bad_result
# output: {"escaped": false}
# why: a log line after the result belongs to nobody
import os
import struct

TEXT = b'{"escaped": false}'


def main():
    os.write(4, struct.pack("<IBQ", 8 + len(TEXT), 0x12, 0) + TEXT)
    os.write(4, struct.pack("<IBB", 6, 0x11, 1) + b"later")
    os._exit(0)

# expect: succeeded | signalled
# why: a result and then a crash: one of the two is reported, never a fault
import ctypes
import os
import struct


def main():
    text = b'{"escaped": false}'
    os.write(4, struct.pack("<IBQ", 8 + len(text), 0x12, 0) + text)
    ctypes.string_at(0)

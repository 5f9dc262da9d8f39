# expect: succeeded | timed_out
# limits: {"wall_ms": 1500}
# why: a complete result, and then a process that does not end
import os
import struct
import time


def main():
    text = b'{"escaped": false}'
    os.write(4, struct.pack("<IBQ", 8 + len(text), 0x12, 0) + text)
    time.sleep(3600)

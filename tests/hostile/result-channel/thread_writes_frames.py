# expect: bad_result | output_exceeded
# why: a thread that writes frames of its own, and halves of them, while main returns
import os
import struct
import threading

TEXT = b'{"escaped": true}'
FRAME = struct.pack("<IBQ", 8 + len(TEXT), 0x12, 3) + TEXT


def write():
    while True:
        os.write(4, FRAME)
        os.write(4, FRAME[:7])


def main():
    threading.Thread(target=write, daemon=True).start()
    threading.Event().wait(0.01)
    return {"escaped": False}

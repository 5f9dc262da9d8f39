# expect: succeeded
# output: {"escaped": false}
# why: a pipe of packets: what does not fit into one read is dropped by the kernel, and a read ends with each of them
import fcntl
import os
import struct

TEXT = b'{"escaped": false}'


def main():
    fcntl.fcntl(4, fcntl.F_SETFL, fcntl.fcntl(4, fcntl.F_GETFL) | os.O_DIRECT)
    for byte in struct.pack("<IBQ", 8 + len(TEXT), 0x12, 0) + TEXT:
        os.write(4, bytes([byte]))
    return {"escaped": True}

# expect: succeeded
# output: {"escaped": false}
# why: a patched os.write, os._exit and struct must not reach the harness
import os
import posix
import struct


def main():
    for module in (os, posix):
        module.write = module.read = lambda *arguments: 1
        module._exit = lambda status: None
    struct.pack = struct.unpack = lambda *arguments: b""
    return {"escaped": False}

# expect: bad_result | no_result
# why: a frame that ends in the middle, and the process with it
import os


def main():
    os.write(4, b"\x64\x00\x00\x00\x12" + bytes(8) + b'{"a"')
    os._exit(0)

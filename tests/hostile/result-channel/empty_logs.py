# expect: bad_result
# detail: forged
# why: logs without a byte, which no limit on bytes ends, so that the worker is busy with them
import os


def main():
    while True:
        os.write(4, b"\1\0\0\0\x11\1" * 10_000)

# expect: bad_result | output_exceeded
# why: the result channel flooded with zeros
import os


def main():
    while True:
        os.write(4, bytes(65536))

# expect: output_exceeded
# limit: output
# detail: stderr
# why: a flood on the other stream, past the language's buffers
import os


def main():
    while True:
        os.write(2, b"x" * 65536)

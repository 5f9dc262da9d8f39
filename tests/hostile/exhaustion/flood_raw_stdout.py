# expect: output_exceeded
# limit: output
# detail: stdout
# why: a flood by raw writes that the harness never sees
import os


def main():
    while True:
        os.write(1, b"x" * 65536)

# expect: output_exceeded
# limit: output
# detail: stdout
# why: one line without an end: nobody may wait for the line feed
import sys


def main():
    while True:
        sys.stdout.write("x" * (1 << 20))

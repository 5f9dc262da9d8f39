# expect: bad_result
# detail: forged
# why: a program that says again and again that it is loaded, so that the worker is busy with it
import os


def main():
    while True:
        os.write(4, b"\0\0\0\0\x10" * 10_000)

# expect: succeeded
# stdout: before
# why: bytes that are no text, terminal codes and half a character at the end, written past the harness
import os


def main():
    os.write(1, b"before \xff\xfe\xed\xa0\x80\xf4\x90\x80\x80\0\x1b[2J\r\n" + b"\xe2\x82")
    os.write(2, b"\xf0\x9f" * 1000)
    return {"escaped": False}

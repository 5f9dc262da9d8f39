# expect: bad_result
# detail: forged
# why: two bytes before the honest frame shift everything that follows
import os


def main():
    os.write(4, b"\x64\x00")
    return {"escaped": False, "detail": "x" * 1000}

# expect: succeeded | failed
# why: printing what is no Unicode text must not break the log
import sys


def main():
    sys.stdout.buffer.write(b"\xff\xfe\x00\n")
    sys.stdout.flush()
    try:
        print("\udc80")
    except UnicodeEncodeError:
        pass
    return {"escaped": False}

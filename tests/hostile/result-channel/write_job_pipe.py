# expect: succeeded
# output: {"escaped": false}
# why: the job pipe cannot be written from this end
import os


def main():
    try:
        os.write(3, b"\x00\x00\x00\x00\x03")
        return {"escaped": True}
    except OSError:
        return {"escaped": False}

# expect: succeeded
# why: a descriptor that another job left open, with something to read in it
import os


def main():
    try:
        os.fstat(77)
        seen = True
    except OSError:
        seen = False
    reader, writer = os.pipe()
    os.write(writer, b"left behind")
    os.dup2(reader, 77, inheritable=True)
    return {"escaped": seen, "detail": seen}

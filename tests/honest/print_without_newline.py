# expect: succeeded
# output: {"ok": true}
# stdout: no line feed at the end
# why: text that is still in a buffer when main returns is not lost
import sys


def main():
    sys.stdout.write("no line feed ")
    print("at the end", end="")
    return {"ok": True}

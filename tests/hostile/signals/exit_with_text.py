# expect: exited
# exit: 1
# stderr: out of cheese
# why: sys.exit with a text prints it and means status 1, as in the interpreter itself
import sys


def main():
    sys.exit("out of cheese")

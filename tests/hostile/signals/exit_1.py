# expect: exited
# exit: 1
# why: an exit status of the program's own choice is never taken for anything else
import sys


def main():
    sys.exit(1)

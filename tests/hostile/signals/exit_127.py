# expect: exited
# exit: 127
# why: an exit status of the program's own choice is never taken for anything else
import sys


def main():
    sys.exit(127)

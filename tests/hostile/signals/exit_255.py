# expect: exited
# exit: 255
# why: an exit status of the program's own choice is never taken for a kill
import sys


def main():
    sys.exit(255)

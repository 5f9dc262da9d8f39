# expect: exited | failed
# why: an exit status that is neither a number nor a text, and raises when it is shown
import sys


class Evil:
    def __str__(self):
        raise RuntimeError("shown")

    __repr__ = __str__


def main():
    sys.exit(Evil())

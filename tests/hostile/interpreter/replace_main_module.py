# expect: succeeded
# output: {"escaped": false}
# why: the module that the harness itself lives in, emptied
import sys


def main():
    home = sys.modules.get("__main__")
    if home is not None and vars(home) is not globals():
        vars(home).clear()
    return {"escaped": False}

# expect: succeeded
# output: {"escaped": false}
# why: no module left to import from
import sys


def main():
    sys.modules.clear()
    sys.meta_path.clear()
    sys.path.clear()
    return {"escaped": False}

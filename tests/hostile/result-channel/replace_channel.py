# expect: no_result | exited | bad_result
# why: the result goes to stdout instead: it is a log there
import os


def main():
    os.dup2(1, 4)
    return {"escaped": True}

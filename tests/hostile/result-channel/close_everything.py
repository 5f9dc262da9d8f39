# expect: no_result | exited | failed | bad_result
# why: every descriptor closed, and a return all the same
import os


def main():
    os.closerange(0, 4096)
    return {"escaped": True}

# expect: no_result | exited | failed | bad_result
# why: the result channel is closed before main returns
import os


def main():
    os.close(4)
    return {"escaped": True}

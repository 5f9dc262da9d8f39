# expect: succeeded
# output: {"escaped": false}
# why: exit handlers do not run: the harness leaves without them
import atexit
import os


def main():
    atexit.register(os._exit, 5)
    atexit.register(print, "never printed")
    return {"escaped": False}

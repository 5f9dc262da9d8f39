# expect: failed
# denied: clone
# error: PermissionError
# why: the fork bomb
import os


def main():
    while True:
        os.fork()

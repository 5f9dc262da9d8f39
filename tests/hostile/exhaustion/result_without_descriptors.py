# expect: succeeded
# output: {"escaped": false}
# why: a program that holds every descriptor and returns gets its result all the same
import os

KEPT = []


def main():
    try:
        while True:
            KEPT.append(open("/dev/null", "rb"))
    except OSError:
        return {"escaped": False}

# expect: exited
# exit: 1
# why: leaving past the harness with a status is the program's own end
import os


def main():
    os._exit(1)

# expect: syscall_denied
# syscall: clone
# why: the fork bomb
import os


def main():
    while True:
        os.fork()

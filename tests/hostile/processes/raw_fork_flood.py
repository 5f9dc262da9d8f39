# expect: syscall_denied
# syscall: clone
# why: a fork bomb that takes no for an answer must not keep the supervisor busy
import os


def main():
    while True:
        try:
            os.fork()
        except OSError:
            pass

# expect: signalled
# signal: 6
# why: abort needs a signal to the own thread
import os


def main():
    os.abort()

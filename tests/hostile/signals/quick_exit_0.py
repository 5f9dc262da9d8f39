# expect: no_result
# why: leaving with status 0 before there is a result is not a success
import os


def main():
    os._exit(0)

# expect: succeeded
# why: the host name is the same everywhere
import os
import socket

CONSTANT = {"cell"}


def main():
    names = {os.uname().nodename, socket.gethostname()}
    return {"escaped": names != CONSTANT, "detail": sorted(names)}

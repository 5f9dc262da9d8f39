# expect: succeeded
# why: the host name is the same everywhere
import os
import socket

CONSTANT = {"cellblock", "jail", "sandbox", "localhost", "(none)", "none", ""}


def main():
    names = {os.uname().nodename, socket.gethostname()}
    return {"escaped": bool(names - CONSTANT), "detail": sorted(names)}

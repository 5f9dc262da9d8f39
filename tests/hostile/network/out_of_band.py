# expect: succeeded
# denied: sendto
# why: urgent bytes on a socket pair: a corner of the kernel that nobody uses and that has led out of a browser's sandbox
import socket


def main():
    mine, other = socket.socketpair()
    got = []
    for attempt in (lambda: mine.send(b"x", socket.MSG_OOB), lambda: other.recv(1, socket.MSG_OOB)):
        try:
            got.append(str(attempt()))
        except OSError:
            pass
    return {"escaped": bool(got), "detail": got}

# expect: succeeded
# denied: sendmsg
# why: the number of the control socket, taken over: a pair that is in flight to itself is left to the kernel's collector
import array
import os
import socket


def main():
    sent = []
    for number in range(5, 256):
        mine, other = socket.socketpair()
        try:
            taken = socket.socket(fileno=os.dup2(mine.fileno(), number))
            rights = array.array("i", [mine.fileno(), other.fileno(), 1, 4])
            taken.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            sent.append(number)
            taken.close()
        except OSError:
            pass
    return {"escaped": bool(sent), "detail": sent}

# expect: succeeded | memory_killed | timed_out
# limits: {"wall_ms": 2000}
# why: descriptors sent over a socket pair and never received count against no limit of the process
import array
import os
import socket


def main():
    pipe = array.array("i", os.pipe() * 100)
    sent = 0
    try:
        while sent < 100_000:
            mine, other = socket.socketpair()
            mine.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, pipe)])
            mine.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [mine.fileno(), other.fileno()]))])
            mine.close(), other.close()
            sent += 202
    except OSError as error:
        return {"escaped": sent >= 100_000, "detail": [sent, str(error)]}
    return {"escaped": True, "detail": sent}

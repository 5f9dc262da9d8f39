# expect: succeeded
# denied: bind
# why: naming one end of an allowed socket pair, so that a job elsewhere can find it
import socket


def main():
    mine, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        mine.bind("\0cellblock-mark")
        return {"escaped": True, "detail": repr(mine.getsockname())}
    except OSError as error:
        return {"escaped": False, "detail": str(error)}

# expect: succeeded
# denied: connect
# why: connecting one end of an allowed socket pair elsewhere
import socket


def main():
    mine, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    reached = []
    for address in ("\0cellblock-mark", "/dev/log", "/run/systemd/notify", "/var/run/docker.sock"):
        try:
            mine.connect(address)
            reached.append(repr(address))
        except OSError:
            pass
    return {"escaped": bool(reached), "detail": reached}

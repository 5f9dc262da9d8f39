# expect: succeeded
# why: sendto with an address needs no connect
import socket


def main():
    mine, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    sent = []
    for address in ("\0cellblock-mark", "/dev/log", "/run/systemd/notify"):
        try:
            mine.sendto(b"leak", address)
            sent.append(repr(address))
        except OSError:
            pass
    return {"escaped": bool(sent), "detail": sent}

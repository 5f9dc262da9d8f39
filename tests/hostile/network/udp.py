# expect: succeeded
# denied: socket
# why: one datagram is enough to leak
import socket


def main():
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            return {"escaped": out.sendto(b"leak", ("127.0.0.1", 53)) > 0, "detail": "sent"}
    except OSError as error:
        return {"escaped": False, "detail": str(error)}

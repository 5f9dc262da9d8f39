# expect: succeeded
# denied: socket
# why: broker, store, metrics and HTTP on the loopback of the host
import socket

PORTS = [5672, 15672, 6379, 9090, 8080, 22, 80]


def main():
    reached, refused = [], set()
    for port in PORTS:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.1).close()
            reached.append(port)
        except OSError as error:
            refused.add(str(error))
    return {"escaped": bool(reached), "detail": reached or sorted(refused)}

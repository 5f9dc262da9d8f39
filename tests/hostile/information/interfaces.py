# expect: succeeded
# why: names and addresses of the host's network interfaces
import socket


def main():
    try:
        names = [name for _, name in socket.if_nameindex()]
    except OSError as error:
        return {"escaped": False, "detail": str(error)}
    return {"escaped": bool(set(names) - {"lo"}), "detail": names}

# expect: succeeded
# denied: socket
# why: rules made for IPv4 only
import socket


def main():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as out:
            out.settimeout(0.1)
            return {"escaped": out.connect_ex(("::1", 6379)) == 0, "detail": "a socket"}
    except OSError as error:
        return {"escaped": False, "detail": str(error)}

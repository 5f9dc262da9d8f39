# expect: succeeded | memory_killed
# limits: {"memory_bytes": 67108864}
# why: what lies in socket pairs is kernel memory
import socket


def main():
    held, kept = 0, []
    try:
        while True:
            pair = socket.socketpair()
            kept.append(pair)
            pair[0].setblocking(False)
            try:
                while True:
                    held += pair[0].send(bytes(65536))
            except BlockingIOError:
                pass
    except OSError as error:
        return {"escaped": held > 128 << 20, "detail": [held, str(error)]}

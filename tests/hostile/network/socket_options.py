# expect: succeeded
# denied: setsockopt
# why: options of an allowed socket pair: programs for the kernel, larger buffers, marks
import socket

ATTACH_FILTER, ATTACH_BPF, SNDBUFFORCE, MARK, ZEROCOPY = 26, 50, 32, 36, 60


def main():
    mine, _ = socket.socketpair()
    worked = []
    for option in (ATTACH_FILTER, ATTACH_BPF, SNDBUFFORCE, MARK, ZEROCOPY, socket.SO_SNDBUF, socket.SO_PASSCRED):
        try:
            mine.setsockopt(socket.SOL_SOCKET, option, 1 << 20 if option != ATTACH_FILTER else bytes(16))
            worked.append(option)
        except OSError:
            pass
    return {"escaped": bool(worked), "detail": worked}

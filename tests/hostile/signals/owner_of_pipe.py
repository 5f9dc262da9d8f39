# expect: succeeded
# why: F_SETOWN makes the kernel send a signal on the program's behalf; a success ends the jail, and no result comes
import fcntl
import os
import signal
import time


def main():
    for pid in (1, -1, os.getppid() or 1):
        reader, writer = os.pipe()
        try:
            fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC)
            fcntl.fcntl(reader, fcntl.F_SETSIG, signal.SIGKILL)
            fcntl.fcntl(reader, fcntl.F_SETOWN, pid)
        except OSError:
            pass
        os.write(writer, b"x")
    time.sleep(0.05)
    return {"escaped": False, "detail": "alive"}

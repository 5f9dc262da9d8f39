# expect: succeeded | memory_killed
# limits: {"memory_bytes": 67108864}
# why: what lies in pipes is kernel memory
import fcntl
import os


def main():
    held = 0
    try:
        while True:
            reader, writer = os.pipe()
            os.set_blocking(writer, False)
            try:
                fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 1 << 20)
            except OSError:
                pass
            try:
                while True:
                    held += os.write(writer, bytes(65536))
            except BlockingIOError:
                pass
    except OSError as error:
        return {"escaped": held > 128 << 20, "detail": [held, str(error)]}

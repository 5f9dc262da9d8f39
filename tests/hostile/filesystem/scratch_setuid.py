# expect: succeeded
# limits: {"scratch_bytes": 1048576}
# why: a setuid file on a mount that would honour it
import os

HONOURED = os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC


def main():
    path = "/tmp/shell"
    with open(path, "wb") as file:
        file.write(b"#!/bin/sh\n")
    try:
        os.chmod(path, 0o6755)
    except OSError:
        pass
    flags = os.statvfs("/tmp").f_flag
    return {"escaped": flags & HONOURED != HONOURED, "detail": [oct(os.stat(path).st_mode), flags]}

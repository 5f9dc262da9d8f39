# expect: succeeded
# limits: {"scratch_bytes": 1048576}
# why: a setuid file on a mount that would honour it
import mmap
import os


def main():
    path = "/tmp/shell"
    with open(path, "wb") as file:
        file.write(b"#!/bin/sh\n" * 512)
    try:
        os.chmod(path, 0o6755)
    except OSError:
        pass
    mode = oct(os.stat(path).st_mode)
    try:
        # The mount's flags are not told, but what keeps a file from being started keeps it from being mapped as code.
        with open(path, "rb") as file:
            mmap.mmap(file.fileno(), 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC).close()
    except PermissionError as error:
        return {"escaped": False, "detail": [mode, str(error)]}
    return {"escaped": True, "detail": mode}

# expect: succeeded
# limits: {"scratch_bytes": 1048576}
# why: a device node where files may be created
import os
import stat


def main():
    try:
        os.mknod("/tmp/disk", 0o600 | stat.S_IFBLK, os.makedev(8, 0))
        os.open("/tmp/disk", os.O_RDONLY)
        return {"escaped": True, "detail": "opened a disk"}
    except OSError as error:
        return {"escaped": False, "detail": str(error)}

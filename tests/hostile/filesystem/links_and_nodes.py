# expect: succeeded
# why: links, pipes and devices on the read-only root
import os
import stat

ATTEMPTS = {
    "symlink": lambda: os.symlink("/etc/passwd", "/link"),
    "hard link": lambda: os.link(os.__file__, "/link"),
    "pipe": lambda: os.mkfifo("/pipe"),
    "disk": lambda: os.mknod("/disk", 0o600 | stat.S_IFBLK, os.makedev(8, 0)),
    "kernel memory": lambda: os.mknod("/kmem", 0o600 | stat.S_IFCHR, os.makedev(1, 2)),
    "directory": lambda: os.mkdir("/folder"),
}


def main():
    worked = []
    for name, attempt in ATTEMPTS.items():
        try:
            attempt()
            worked.append(name)
        except OSError:
            pass
    return {"escaped": bool(worked), "detail": worked}

# expect: succeeded
# why: what escapes usually look for: container sockets, service tokens, cron, the boot partition
import os
import sys

PATHS = ["/var/run/docker.sock", "/run/containerd", "/run/systemd", "/var/run/secrets", "/var/spool/cron", "/boot", "/home", "/root", "/host", "/mnt", "/srv"]


def main():
    found = []
    for path in PATHS:
        try:
            # An interpreter may live in somebody's home; then nothing but the way to it is there.
            if sys.base_prefix.startswith(path + "/") and len(os.listdir(path)) == 1:
                continue
            if not os.path.isdir(path) or os.listdir(path):
                os.stat(path)
                found.append(path)
        except OSError:
            pass
    return {"escaped": bool(found), "detail": found}

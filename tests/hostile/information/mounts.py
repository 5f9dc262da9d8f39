# expect: succeeded
# why: mount tables, partitions, interfaces, symbols and modules of the kernel
import os

PATHS = ["/proc/mounts", "/proc/self/mountinfo", "/proc/partitions", "/proc/net/dev", "/proc/kallsyms", "/proc/modules", "/proc/cmdline", "/proc/self/cgroup", "/sys/class/net", "/sys/fs/cgroup/cgroup.procs", "/sys/kernel/notes"]


def main():
    found = [path for path in PATHS if os.path.exists(path)]
    return {"escaped": bool(found), "detail": found}

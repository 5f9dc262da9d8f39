# expect: succeeded
# why: /proc gives memory, roots and descriptors of processes; /sys gives the host's devices
import os

PATHS = ["/proc/1/root", "/proc/self/cwd", "/proc/self/exe", "/proc/self/mem", "/proc/self/fd", "/proc/thread-self", "/proc/sys/kernel/core_pattern", "/proc/kcore", "/sys/kernel", "/sys/fs/cgroup"]


def main():
    found = [path for path in PATHS if os.path.lexists(path)]
    return {"escaped": bool(found), "detail": found}

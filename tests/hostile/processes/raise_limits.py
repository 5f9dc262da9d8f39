# expect: succeeded
# why: limits can be lowered, never raised; nor can those of others be changed
import os
import resource

LIMITS = [resource.RLIMIT_NOFILE, resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU]


def main():
    raised = []
    for limit in LIMITS:
        _, hard = resource.getrlimit(limit)
        if hard == resource.RLIM_INFINITY:
            raised.append([limit, "unlimited"])
            continue
        for pid in (0, 1, os.getppid()):
            try:
                resource.prlimit(pid, limit, (hard + 1, hard + 1))
                raised.append([limit, pid])
            except (OSError, ValueError):
                pass
    return {"escaped": bool(raised), "detail": raised}

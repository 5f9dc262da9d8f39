"""Derives seccomp.json from the default profile of the Docker engine.

    python3 docker/seccomp.py DEFAULT.json > docker/seccomp.json

DEFAULT.json is profiles/seccomp/default.json of the engine's source; Debian has it in golang-github-docker-docker-dev. What
is changed, and why, is in docker/README.md.
"""

import json
import sys
import textwrap

# Reachable from nothing that a worker does; io_uring goes around filters, ptrace would see what the default action shows.
REMOVED = {"io_uring_enter", "io_uring_register", "io_uring_setup", "ptrace", "socket"}
AF_VSOCK = 40

# What building a jail takes. clone3's flags are behind a pointer, where a filter cannot look.
ADDED = ["clone3", "mount", "pivot_root", "sethostname", "umount2"]
UNSHARED = {"CLONE_THREAD": 0x10000, "CLONE_NEWNS": 0x20000, "CLONE_NEWCGROUP": 0x2000000, "CLONE_NEWUSER": 0x10000000}

# In the OCI form, which Docker, Podman and Kubernetes read alike; the engine's own form has conditions that others pass over.
ARCHITECTURES = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]
MACHINES = {"amd64", "x86", "x32", "arm64", "arm"}


def argument(operator, index, value):
    return [{"index": index, "value": value, "op": operator}]


def kept(rule):
    """The rule without its conditions, or nothing where a capability of the container or another machine is one."""
    includes = rule.get("includes", {})
    names = [name for name in rule["names"] if name not in REMOVED]
    elsewhere = "arches" in includes and not MACHINES & set(includes["arches"])
    if "caps" in includes or elsewhere or rule["action"] != "SCMP_ACT_ALLOW" or not names:
        return None
    args = {"args": rule["args"]} if rule.get("args") else {}
    return {"names": names, "action": rule["action"], **args}


def derive(profile):
    allowed = {"action": "SCMP_ACT_ALLOW"}
    rules = [kept(rule) for rule in profile["syscalls"]]
    rules = [rule for rule in rules if rule is not None]
    rules.append({"names": ["socket"], **allowed, "args": argument("SCMP_CMP_NE", 0, AF_VSOCK)})
    rules.append({"names": ADDED, **allowed})
    rules += [{"names": ["unshare"], **allowed, "args": argument("SCMP_CMP_EQ", 0, flag)} for flag in UNSHARED.values()]
    return {"defaultAction": "SCMP_ACT_TRACE", "architectures": ARCHITECTURES, "syscalls": rules}


def text(rule):
    return textwrap.fill(json.dumps(rule), 118, initial_indent="    ", subsequent_indent="      ", break_long_words=False)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        profile = derive(json.load(file))
    head = [f"  {json.dumps(key)}: {json.dumps(profile[key])}," for key in ("defaultAction", "architectures")]
    rules = ",\n".join(text(rule) for rule in profile["syscalls"])
    print("\n".join(["{", *head, '  "syscalls": [', rules, "  ]", "}"]))


if __name__ == "__main__":
    main()

"""Runs a command until it ends or standard input does, and then ends all that descends from it.

    python3 keeper.py GRACE_SECONDS COMMAND…

Standard input ends with the process that holds its other end, however that ends, so nothing is left over. Orphans below a
subreaper become its children (prctl(2)): so all that is ever ended is a child of this process that has not been waited
for, whose number nobody else can have.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def children() -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            # It may be gone by now.
            with contextlib.suppress(OSError):
                # The name before may hold anything, but for the last parenthesis.
                _, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if int(parent) == os.getpid():
                    found.append(int(entry.name))
    return found


def end_all(first: int) -> int:
    """Ends every child until there is none. Answers the status of the first one."""
    code = 0
    while found := children():
        for process in found:
            os.kill(process, signal.SIGKILL)
            _, status = os.waitpid(process, 0)
            if process == first:
                code = os.waitstatus_to_exitcode(status)
    # As a shell tells of a signal.
    return code if code >= 0 else 128 - code


def main() -> int:
    # Ctrl-C at a terminal is for the one that started this; standard input tells of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("not made a subreaper")
    grace, command = float(sys.argv[1]), sys.argv[2:]
    # Not waited for before `end_all` does: until then its number is its own.
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    watched = os.pidfd_open(child.pid)
    ready, _, _ = select.select([sys.stdin, watched], [], [])
    if watched not in ready:
        signal.pidfd_send_signal(watched, signal.SIGTERM)
        select.select([watched], [], [], grace)
    return end_all(child.pid)


if __name__ == "__main__":
    status = main()
    # Nothing is left for the interpreter to wait for.
    os._exit(status)

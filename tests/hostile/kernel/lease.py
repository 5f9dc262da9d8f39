# expect: succeeded
# denied: fcntl
# why: a lease on a shared file tells when others open it, and delays them
import fcntl
import os


def main():
    with open(os.__file__, "rb") as file:
        worked = []
        for command, value in ((fcntl.F_SETLEASE, fcntl.F_RDLCK), (fcntl.F_NOTIFY, fcntl.DN_ACCESS)):
            try:
                fcntl.fcntl(file, command, value)
                worked.append(command)
            except OSError:
                pass
    return {"escaped": bool(worked), "detail": worked}

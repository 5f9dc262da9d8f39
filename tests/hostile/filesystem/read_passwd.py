# expect: succeeded
# why: files of the host by absolute path
PATHS = ["/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/resolv.conf", "/etc/machine-id", "/root/.ssh/id_rsa", "/root/.bashrc"]


def main():
    read = []
    for path in PATHS:
        try:
            with open(path, "rb") as file:
                read.append([path, len(file.read())])
        except OSError:
            pass
    return {"escaped": bool(read), "detail": read}

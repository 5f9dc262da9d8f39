# expect: succeeded
# why: creating a file in any directory, /dev/shm and /tmp included
import os


def main():
    written = []
    for folder, folders, _ in os.walk("/"):
        if folder.count("/") >= 4:
            folders.clear()
        path = os.path.join(folder, "mark")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            written.append(path)
        except OSError:
            pass
    return {"escaped": bool(written), "detail": written[:20]}

# expect: succeeded
# denied: clone
# output: {"escaped": false, "detail": "PermissionError"}
# why: the filter must hold in every thread, not only in the first
import os
import threading


def main():
    seen = []

    def attempt():
        try:
            seen.append(os.fork())
        except OSError as error:
            seen.append(type(error).__name__)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return {"escaped": seen != ["PermissionError"], "detail": seen[0]}

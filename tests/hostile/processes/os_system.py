# expect: succeeded
# denied: clone
# why: running a shell
import os


def main():
    status = os.system("id")
    return {"escaped": status == 0, "detail": status}

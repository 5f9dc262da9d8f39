# expect: succeeded
# why: no device beyond the five that are harmless
import os
import stat

HARMLESS = {"null", "zero", "full", "random", "urandom"}


def main():
    odd = []
    for folder, _, names in os.walk("/dev"):
        for name in names:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            if (stat.S_ISCHR(mode) or stat.S_ISBLK(mode)) and name not in HARMLESS:
                odd.append(path)
    return {"escaped": bool(odd), "detail": odd}

# expect: succeeded
# why: .. at the root must stay at the root
import os


def main():
    root = os.stat("/")
    above = os.stat("/" + "../" * 64)
    os.chdir("/")
    for _ in range(64):
        os.chdir("..")
    here = os.stat(".")
    same = {(s.st_dev, s.st_ino) for s in (root, above, here)}
    return {"escaped": len(same) != 1, "detail": sorted(os.listdir("."))}

# expect: succeeded
# why: working directory and umask of another job
import os


def main():
    seen = [os.getcwd() == "/usr/lib", os.umask(0o123) == 0o123]
    os.chdir("/usr/lib")
    return {"escaped": any(seen), "detail": seen}

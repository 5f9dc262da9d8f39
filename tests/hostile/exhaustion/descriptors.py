# expect: succeeded
# why: open files are limited
import os


def main():
    opened = 0
    try:
        while opened < 10_000:
            os.open("/dev/null", os.O_RDONLY)
            opened += 1
    except OSError as error:
        return {"escaped": opened > 1024, "detail": [opened, str(error)]}
    return {"escaped": True, "detail": opened}

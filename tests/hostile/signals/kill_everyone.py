# expect: succeeded
# denied: kill
# why: -1 means every process that can be reached
import os
import signal


def main():
    try:
        os.kill(-1, signal.SIGKILL)
        return {"escaped": True, "detail": "sent"}
    except OSError as error:
        return {"escaped": False, "detail": str(error)}

# expect: succeeded | signalled
# why: 0 means the own process group; whoever shares it with the job dies with it
import os
import signal


def main():
    try:
        os.kill(0, signal.SIGKILL)
        return {"escaped": True, "detail": "sent, and alive"}
    except OSError as error:
        return {"escaped": False, "detail": str(error)}

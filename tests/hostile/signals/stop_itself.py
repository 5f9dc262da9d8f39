# expect: timed_out
# limit: wall
# limits: {"wall_ms": 700}
# why: a stopped process runs no handler and uses no time
import os
import signal


def main():
    os.kill(os.getpid(), signal.SIGSTOP)
    return {"escaped": False, "detail": "went on"}

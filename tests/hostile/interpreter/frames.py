# expect: succeeded | failed | no_result | exited | bad_result | signalled
# why: from the own frame into those of the harness, and all of their globals cleared
import sys


def main():
    mine, frame, cleared = globals(), sys._getframe(), 0
    while frame is not None:
        if frame.f_globals is not mine:
            frame.f_globals.clear()
            cleared += 1
        frame = frame.f_back
    return {"escaped": False, "detail": cleared}

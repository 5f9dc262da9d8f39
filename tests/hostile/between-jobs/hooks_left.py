# expect: succeeded
# why: what another job hung into the interpreter: importers, codecs, collectors, warnings, exceptions, threads, logs
import atexit
import codecs
import gc
import logging
import sys
import threading
import warnings


class Mark:
    def __call__(self, *_):
        return None

    def find_spec(self, *_):
        return None


def marked(things):
    return any(type(thing).__name__ == "Mark" for thing in things)


def main():
    mark = Mark()
    seen = {
        "importers": marked(sys.meta_path) or marked(sys.path_hooks) or "/left/behind" in sys.path,
        "collectors": marked(gc.callbacks),
        "exceptions": marked([sys.excepthook, sys.unraisablehook, sys.displayhook, threading.excepthook]),
        "threads": marked([sys.getprofile(), threading.getprofile(), threading.gettrace()]),
        "warnings": any(row[4] == 77 for row in warnings.filters),
        "logs": bool(logging.getLogger().handlers) or logging.getLogger("left").level == 77,
        "codec": False,
        "exits": atexit._ncallbacks() > 20,
    }
    try:
        codecs.lookup("left_behind")
        seen["codec"] = True
    except LookupError:
        pass
    sys.meta_path.append(mark)
    sys.path_hooks.append(mark)
    sys.path.append("/left/behind")
    gc.callbacks.append(mark)
    sys.excepthook = sys.unraisablehook = sys.displayhook = threading.excepthook = mark
    threading.setprofile(mark)
    warnings.filterwarnings("ignore", lineno=77)
    logging.getLogger().addHandler(logging.NullHandler())
    logging.getLogger("left").setLevel(77)
    codecs.register(lambda name: codecs.lookup("utf-8") if name == "left_behind" else None)
    for _ in range(21):
        atexit.register(mark)
    return {"escaped": any(seen.values()), "detail": seen}

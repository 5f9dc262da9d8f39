# expect: succeeded | signalled | failed
# why: a second interpreter in the process has none of what the first one's guards have changed
import importlib
import os

TEXT = """
import os
for attempt in (lambda: open("/etc/passwd").read(), lambda: os.mkdir("/mark"), os.fork, lambda: os.kill(1, 9)):
    try:
        attempt()
        os.write(%d, b"x")
    except Exception:
        pass
"""


def main():
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            interpreters = importlib.import_module(name)
            break
        except ImportError:
            pass
    else:
        return {"escaped": False, "detail": "there is none"}
    reader, writer = os.pipe()
    interpreters.run_string(interpreters.create(), TEXT % writer)
    os.close(writer)
    got = os.read(reader, 10)
    return {"escaped": got != b"", "detail": len(got)}

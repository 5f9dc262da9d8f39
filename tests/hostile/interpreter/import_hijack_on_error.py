# expect: failed
# error: ValueError
# why: the traceback is made by the harness, with modules that it loaded before
import sys
import types


def main():
    for name in ("traceback", "linecache", "tokenize", "io"):
        sys.modules[name] = types.ModuleType(name)
    raise ValueError("still reported")

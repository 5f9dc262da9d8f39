# expect: succeeded
# output: {"escaped": false, "n": 1.5}
# why: the harness keeps its own references to what it uses
import builtins


def broken(*arguments, **named):
    raise RuntimeError("replaced")


def main():
    for name in ("len", "isinstance", "print", "open", "repr", "str", "dict", "type", "id", "getattr", "hasattr", "range", "bytes", "int", "float", "list", "BaseException", "Exception", "__import__", "compile", "exec"):
        setattr(builtins, name, broken)
    return {"escaped": False, "n": 1.5}

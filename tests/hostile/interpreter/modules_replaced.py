# expect: succeeded
# output: {"escaped": false}
# why: modules that the harness uses, replaced by others
import sys
import types


def main():
    for name in list(sys.modules):
        sys.modules[name] = types.ModuleType(name)
    return {"escaped": False}

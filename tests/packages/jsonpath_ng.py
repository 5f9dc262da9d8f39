# output: {"v": [1, 2]}
from jsonpath_ng import parse


def main():
    return {"v": [m.value for m in parse("a[*]").find({"a": [1, 2]})]}

# output: {"v": ["values_changed"]}
import deepdiff


def main():
    return {"v": list(deepdiff.DeepDiff({"a": 1}, {"a": 2}))}

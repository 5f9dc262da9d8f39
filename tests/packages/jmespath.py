# output: {"v": 1}
import jmespath


def main():
    return {"v": jmespath.search("a.b", {"a": {"b": 1}})}

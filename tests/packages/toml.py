# output: {"v": {"a": 1}}
import toml


def main():
    return {"v": toml.loads("a=1")}

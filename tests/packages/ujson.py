# output: {"v": [1]}
import ujson


def main():
    return {"v": ujson.loads("[1]")}

# output: {"v": "start"}
import lark


def main():
    return {"v": str(lark.Lark('start: "a"').parse("a").data)}

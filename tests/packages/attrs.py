# output: {"v": 1}
import attr


def main():
    A = attr.make_class("A", ["x"])
    return {"v": A(1).x}

# output: {"v": "42"}
import pyparsing as p


def main():
    return {"v": p.Word(p.nums).parse_string("42")[0]}

# output: {"v": ["B", "D"]}
import regex


def main():
    return {"v": regex.findall(r"\p{Lu}", "aBcD")}

# output: {"v": 66.66666666666667}
from rapidfuzz import fuzz


def main():
    return {"v": fuzz.ratio("abc", "abd")}

# output: {"v": 1}
import Levenshtein


def main():
    return {"v": Levenshtein.distance("ab", "ac")}

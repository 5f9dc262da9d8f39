# output: {"v": 1}
import textdistance


def main():
    return {"v": textdistance.hamming("ab", "ac")}

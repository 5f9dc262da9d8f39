# output: {"v": "R163"}
import jellyfish


def main():
    return {"v": jellyfish.soundex("Robert")}

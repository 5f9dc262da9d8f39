# expect: succeeded
# output: {"ints": [42, 20, 51, 84, 7], "sample": ["a", "e", "f"]}
# why: a seeded generator is the same everywhere; shuffles and samples work
import random


def main():
    generator = random.Random(7)
    return {"ints": [generator.randint(1, 100) for _ in range(5)], "sample": generator.sample("abcdef", 3)}

# expect: succeeded
# why: a job that seeds the global generators must not decide what the next one draws
import random


def main():
    fixed = random.Random(12345).random()
    seen = random.random() == fixed
    random.seed(12345)
    return {"escaped": seen, "detail": seen}

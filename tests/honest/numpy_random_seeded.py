# expect: succeeded
# output: {"draws": [89, 773, 654, 438, 433, 858]}
# why: a seeded generator gives the same numbers in the jail as outside it
import numpy as np


def main():
    return {"draws": np.random.default_rng(42).integers(0, 1000, 6).tolist()}

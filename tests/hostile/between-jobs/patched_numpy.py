# expect: succeeded
# why: a mark in the library that jobs share by way of the zygote, and in its memory
import numpy as np


def main():
    seen = [hasattr(np, "left_behind"), np.get_printoptions()["precision"] == 3, float(np.pi) != 3.141592653589793]
    np.left_behind = True
    np.set_printoptions(precision=3)
    np.pi = 3.0
    return {"escaped": any(seen), "detail": seen}

# expect: bad_result
# detail: not_finite
# why: a numpy scalar is a number, and NaN among them is refused like any other
import numpy as np


def main():
    return {"value": np.float64("nan")}

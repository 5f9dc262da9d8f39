# expect: succeeded
# output: {"sum": 6, "mean": 2.0, "largest": 3, "small": 0.5, "byte": 255, "sorted": true, "flag": true}
# why: numpy scalars in a result are numbers and booleans, not errors
import numpy as np


def main():
    values = np.array([3, 1, 2])
    return {
        "sum": values.sum(),
        "mean": values.mean(),
        "largest": values.max(),
        "small": np.float32(0.5),
        "byte": np.uint8(255),
        "sorted": bool((np.sort(values) == np.array([1, 2, 3])).all()),
        "flag": np.bool_(True),
    }

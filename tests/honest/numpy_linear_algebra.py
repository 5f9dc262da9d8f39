# expect: succeeded
# output: {"solution": [1.4, 3.4], "eigenvalues": [2.0, 5.0], "trace": 62499750.0, "mean": 124999.5}
# why: BLAS and LAPACK run with their threads held to one
import numpy as np


def main():
    matrix = np.array([[4.0, 1.0], [2.0, 3.0]])
    big = np.arange(250_000, dtype=np.float64).reshape(500, 500)
    return {
        "solution": np.linalg.solve(matrix, np.array([9.0, 13.0])).round(9).tolist(),
        "eigenvalues": sorted(np.linalg.eigvals(matrix).round(9).tolist()),
        "trace": float(np.trace(big @ np.eye(500))),
        "mean": float(big.mean()),
    }

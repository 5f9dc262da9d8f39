# expect: succeeded
# why: no two jobs draw the same numbers from numpy; each text in `draws` must differ between two runs
import numpy as np


def main():
    draws = [float(np.random.random()).hex(), float(np.random.default_rng().random()).hex(), np.random.bytes(16).hex()]
    return {"escaped": len(set(draws)) != len(draws), "draws": draws}

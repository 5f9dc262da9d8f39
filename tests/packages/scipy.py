# output: {"v": 1.414}
import scipy.optimize as o


def main():
    return {"v": round(float(o.brentq(lambda x: x * x - 2, 0, 2)), 3)}

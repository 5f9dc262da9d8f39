# output: {"v": true}
import numpy


def main():
    return {"v": numpy.linalg.det([[2.0, 0.0], [0.0, 3.0]]).item() > 5.99}

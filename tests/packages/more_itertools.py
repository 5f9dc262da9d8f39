# output: {"v": [[1, 2], [3]]}
import more_itertools


def main():
    return {"v": list(more_itertools.chunked([1, 2, 3], 2))}

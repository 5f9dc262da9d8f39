# output: {"v": [1, 3]}
import sortedcontainers


def main():
    return {"v": list(sortedcontainers.SortedList([3, 1]))}

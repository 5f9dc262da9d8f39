# output: {"v": 2}
import cachetools


def main():
    c = cachetools.LRUCache(1)
    c[1] = 2
    return {"v": c[1]}

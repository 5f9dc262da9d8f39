# expect: succeeded
# output: {"mean": 5, "deviation": 2.0, "common": [4, 3], "sums": [2, 6, 10, 14, 19, 24, 31, 40], "runs": [1, 3, 2, 1, 1], "product": 201600, "largest": [9, 7], "place": 4, "last": [7, 9], "fibonacci": 23416728348467685, "gcd": 12}
# why: statistics, itertools, functools, collections, heapq, bisect, math
import bisect
import heapq
import math
import statistics
from collections import Counter, deque
from functools import lru_cache, reduce
from itertools import accumulate, groupby


@lru_cache(maxsize=None)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def main():
    values = [2, 4, 4, 4, 5, 5, 7, 9]
    return {
        "mean": statistics.mean(values),
        "deviation": statistics.pstdev(values),
        "common": Counter(values).most_common(1)[0],
        "sums": list(accumulate(values)),
        "runs": [len(list(group)) for _, group in groupby(values)],
        "product": reduce(lambda a, b: a * b, values),
        "largest": heapq.nlargest(2, values),
        "place": bisect.bisect(values, 4),
        "last": list(deque(values, maxlen=2)),
        "fibonacci": fibonacci(80),
        "gcd": math.gcd(84, 36),
    }

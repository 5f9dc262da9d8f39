# expect: succeeded
# limits: {"memory_bytes": 536870912, "wall_ms": 20000}
# output: {"total": 10, "mean": 2.5, "count": 4, "top": 4}
# denied: clone
# why: pandas scalars in a result are numbers
import pandas as pd


def main():
    series = pd.Series([1, 2, 3, 4])
    return {"total": series.sum(), "mean": series.mean(), "count": series.count(), "top": series.nlargest(1).iloc[0]}

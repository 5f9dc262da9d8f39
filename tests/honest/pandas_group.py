# expect: succeeded
# limits: {"memory_bytes": 536870912, "wall_ms": 20000}
# output: {"by_name": {"Ann": 40.0, "Ben": 20.0}, "missing": 1, "weeks": {"2024-01-07": 30.0, "2024-01-14": 30.0}}
# denied: clone
# why: reading CSV text, grouping, joining and dates in pandas
import io

import pandas as pd

CSV = "day,shop,amount\n2024-01-01,a,10\n2024-01-02,b,20\n2024-01-08,a,30\n2024-01-09,b,\n"


def main():
    frame = pd.read_csv(io.StringIO(CSV), parse_dates=["day"])
    names = pd.DataFrame({"shop": ["a", "b"], "name": ["Ann", "Ben"]})
    joined = frame.merge(names, on="shop")
    weekly = frame.set_index("day")["amount"].resample("W").sum()
    return {
        "by_name": joined.groupby("name")["amount"].sum().to_dict(),
        "missing": int(frame["amount"].isna().sum()),
        "weeks": {day.strftime("%Y-%m-%d"): amount for day, amount in weekly.items()},
    }

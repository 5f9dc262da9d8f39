import json

import pandas as pd


def rounded(value: float) -> float | None:
    """To two places; None where there is nothing to measure, since JSON has no NaN."""
    return None if pd.isna(value) else round(value, 2)


def main(data_json: str) -> dict:
    frame = pd.DataFrame(json.loads(data_json), columns=["name", "score", "department"])
    frame["score"] = pd.to_numeric(frame["score"], errors="coerce")
    frame = frame.dropna(subset=["name", "score"])
    frame = frame[frame["score"].between(0, 100)]

    bands = pd.cut(frame["score"], [0, 60, 80, 100], labels=["0-60", "60-80", "80-100"], include_lowest=True)
    departments = frame.groupby("department")["score"].agg(["mean", "count", "max"])
    return {
        "stats": {
            "total_records": len(frame),
            "avg_score": rounded(frame["score"].mean()),
            "median_score": rounded(frame["score"].median()),
            "std_score": rounded(frame["score"].std()),
            "score_distribution": {band: int(count) for band, count in bands.value_counts(sort=False).items()},
            "by_department": {
                name: {"mean": rounded(row["mean"]), "count": int(row["count"]), "max": row["max"]}
                for name, row in departments.iterrows()
            },
        },
        "top_performers": frame.nlargest(10, "score").to_dict("records"),
        "cleaned_records": len(frame),
    }

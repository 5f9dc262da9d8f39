from statistics import fmean


def main(items: list, sort_by: str = "score", top_n: int = 5) -> dict:
    ranked = [item for item in items if item.get(sort_by) is not None]
    ranked.sort(key=lambda item: item[sort_by], reverse=True)
    values = [item[sort_by] for item in ranked]
    return {
        "result": ranked[:top_n],
        "stats": {
            "total": len(values),
            "max": max(values, default=None),
            "min": min(values, default=None),
            "avg": fmean(values) if values else None,
        },
    }

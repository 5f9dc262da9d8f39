# output: {"v": "2025-02-28T00:00:00+00:00"}
import arrow


def main():
    return {"v": arrow.get("2024-02-29").shift(years=1).isoformat()}

# output: {"v": 3}
import polars as pl


def main():
    return {"v": pl.DataFrame({"a": [1, 2]})["a"].sum()}

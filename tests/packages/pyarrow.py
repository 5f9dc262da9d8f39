# output: {"v": [1, 2]}
import pyarrow as pa


def main():
    return {"v": pa.array([1, 2]).to_pylist()}

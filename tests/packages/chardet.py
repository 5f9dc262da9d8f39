# output: {"v": "utf-8"}
import chardet


def main():
    return {"v": chardet.detect("naïve café".encode())["encoding"]}

# output: {"v": {"a": 1}}
import msgpack


def main():
    return {"v": msgpack.unpackb(msgpack.packb({"a": 1}))}

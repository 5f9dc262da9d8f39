# output: {"v": "{\"a\":[1]}"}
import orjson


def main():
    return {"v": orjson.dumps({"a": [1]}).decode()}

# expect: succeeded
# why: a hundred thousand brackets for the JSON parser
import json


def main():
    try:
        json.loads("[" * 100_000)
        return {"escaped": False, "detail": "parsed"}
    except (RecursionError, ValueError) as error:
        return {"escaped": False, "detail": type(error).__name__}

# expect: succeeded
# inputs: {"value": {"list": [null, true, 1, 2.5, "x", []], "nested": {"": {"a b": {}}}}}
# output: {"value": {"list": [null, true, 1, 2.5, "x", []], "nested": {"": {"a b": {}}}}, "same": true, "tuple": [1, 2], "point": [1, 2], "ordered": {"b": 1, "a": 2}, "counter": {"a": 2, "b": 1}, "int": 3}
# why: every JSON value goes in and out unchanged; tuples and subclasses of dict, str and int are theirs
import collections
import json


class Count(int):
    pass


def main(value):
    Point = collections.namedtuple("Point", "x y")
    return {
        "value": value,
        "same": json.loads(json.dumps(value)) == value,
        "tuple": (1, 2),
        "point": Point(1, 2),
        "ordered": collections.OrderedDict(b=1, a=2),
        "counter": collections.Counter("aab"),
        "int": Count(3),
    }

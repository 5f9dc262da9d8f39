# expect: failed
# error: KeyError
# why: the client's traceback has the program's own frames only, whatever the chain of causes
import json


def main():
    try:
        json.loads("{")
    except ValueError as error:
        raise KeyError("missing") from error

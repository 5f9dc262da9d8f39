# output: {"v": "[1]"}
import simplejson


def main():
    return {"v": simplejson.dumps([1])}

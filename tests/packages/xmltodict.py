# output: {"v": {"a": "1"}}
import xmltodict


def main():
    return {"v": xmltodict.parse("<a>1</a>")}

# output: {"v": "x"}
from lxml import etree


def main():
    return {"v": etree.fromstring("<a><b>x</b></a>").findtext("b")}

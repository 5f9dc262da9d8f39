# output: {"v": "html"}
import html5lib


def main():
    return {"v": html5lib.parse("<p>x").tag[-4:]}

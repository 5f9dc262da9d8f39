# output: {"v": "http://a/b?q=1"}
import requests


def main():
    return {"v": requests.Request("GET", "http://a/b", params={"q": 1}).prepare().url}

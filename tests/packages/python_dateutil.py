# output: {"v": "2024-01-03T00:00:00"}
from dateutil import parser


def main():
    return {"v": parser.parse("3 Jan 2024").isoformat()}

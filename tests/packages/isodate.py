# output: {"v": 90.0}
import isodate


def main():
    return {"v": isodate.parse_duration("PT90S").total_seconds()}

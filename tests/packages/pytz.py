# output: {"v": "2:00:00"}
import datetime

import pytz


def main():
    return {"v": str(pytz.timezone("Europe/Berlin").utcoffset(datetime.datetime(2024, 7, 1)))}

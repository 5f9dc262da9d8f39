# expect: succeeded
# output: {"Europe/Berlin": "2024-03-10T10:30:00+01:00", "America/New_York": "2024-03-10T05:30:00-04:00", "Asia/Kolkata": "2024-03-10T15:00:00+05:30"}
# why: time zone data is there, in files or as a package
from datetime import datetime, timezone
from zoneinfo import ZoneInfo


def main():
    moment = datetime(2024, 3, 10, 9, 30, tzinfo=timezone.utc)
    return {zone: moment.astimezone(ZoneInfo(zone)).isoformat() for zone in ("Europe/Berlin", "America/New_York", "Asia/Kolkata")}

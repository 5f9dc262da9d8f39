# expect: succeeded
# output: {"next": "2024-03-01T12:00:00", "week": 1, "parsed": "Tuesday", "leap": true, "zone": "+0000", "clock_moves": true}
# why: datetime, calendar and time work without the host's zone
import calendar
import time
from datetime import date, datetime, timedelta


def main():
    start = datetime(2024, 2, 28, 12, 0)
    return {
        "next": (start + timedelta(days=2)).isoformat(),
        "week": date(2024, 12, 30).isocalendar().week,
        "parsed": datetime.strptime("05 Mar 2024", "%d %b %Y").strftime("%A"),
        "leap": calendar.isleap(2024),
        "zone": time.strftime("%z", time.localtime(0)),
        "clock_moves": time.monotonic() <= time.monotonic() and time.time() > 1_700_000_000,
    }

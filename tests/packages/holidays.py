# output: {"v": true}
import datetime

import holidays


def main():
    return {"v": datetime.date(2024, 12, 25) in holidays.country_holidays("US")}

# expect: succeeded
# why: locale, time zone, decimal precision and recursion limit of another job
import decimal
import locale
import os
import sys
import time


def main():
    seen = [time.tzname[0] == "MARK", decimal.getcontext().prec == 7, sys.getrecursionlimit() == 777]
    os.environ["TZ"] = "MARK-5"
    time.tzset()
    decimal.getcontext().prec = 7
    sys.setrecursionlimit(777)
    return {"escaped": any(seen), "detail": [*seen, locale.setlocale(locale.LC_ALL)]}

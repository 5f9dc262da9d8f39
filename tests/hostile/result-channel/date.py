# expect: bad_result
# detail: not_serialisable
# why: a date has no form in JSON
from datetime import datetime


def main():
    return {"value": datetime(2024, 1, 1)}

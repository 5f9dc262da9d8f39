# expect: bad_result
# detail: not_serialisable
# why: a Decimal is not silently turned into a float
from decimal import Decimal


def main():
    return {"value": Decimal("1.10")}

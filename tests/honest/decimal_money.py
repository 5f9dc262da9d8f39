# expect: succeeded
# output: {"seventh": "0.1428571428571428571428571428571428571429", "tax": "3.80", "sum": "1/2"}
# why: decimal and fractions are exact
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction


def main():
    with localcontext() as context:
        context.prec = 40
        seventh = str(Decimal(1) / Decimal(7))
    tax = (Decimal("19.99") * Decimal("0.19")).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    return {"seventh": seventh, "tax": str(tax), "sum": str(Fraction(1, 3) + Fraction(1, 6))}

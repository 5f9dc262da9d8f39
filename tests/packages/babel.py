# output: {"v": "1.234,5"}
from babel.numbers import format_decimal


def main():
    return {"v": format_decimal(1234.5, locale="de_DE")}

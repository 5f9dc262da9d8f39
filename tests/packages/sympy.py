# output: {"v": "3*x**2"}
import sympy


def main():
    x = sympy.Symbol("x")
    return {"v": str(sympy.diff(x**3, x))}

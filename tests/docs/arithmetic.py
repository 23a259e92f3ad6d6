r"""A pocket calculator for the formulas in a page's text: exact fractions, else 50 digits, and nothing of lstm_sym.

A formula such as ``J^{2}=2J`` is a chain of sides and relations. A side is made of numbers, names, fractions,
2 x 2 matrices, sums, products and a few functions; a name stands for what an earlier formula of the section
gave it. ``\approx`` holds if the decimal on its right is the left side correctly rounded.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from mpmath import matrix, mp, mpf

mp.dps = 50

RELATION = re.compile(r"(\\approx|\\ne|=)")
TOKEN = re.compile(
    r"\\begin\{pmatrix\}(?P<matrix>.*?)\\end\{pmatrix\}"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<frac>\\tfrac)|(?P<hat>\\(?:widehat|hat|bar|dot)\{(?:\\delta )?\w\}(?:\^\{\(\d\)\})?)"
    r"|(?P<function>\\(?:tanh|sigma|ln|sqrt)|\\operatorname\{artanh\})"
    r"|(?P<name>(?:\\delta |\\tilde\{C\}|\\lambda|[a-zA-Z])(?:(?<=delta )[a-zA-Z])?(?:_[a-zA-Z])?"
    r"(?:\^\{\([t\d](?:-1)?\)\})?)"
    r"|(?P<sign>\\cdot|\\\||[-+(){}/^])|(?P<space>\s+|\\[,;])"
)


class NotArithmetic(ValueError):
    """The text is no formula of this calculator, or has a letter without a value."""


def formulas(text: str) -> list[str]:
    """The inline formulas of a text, in order; displayed ones are the tool's and are left out."""
    text = re.sub(r"^\$\$$.*?^\$\$$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [" ".join(found.split()) for found in re.findall(r"\$([^$]+)\$", text)]


def check(formula: str, values: dict[str, Any]) -> bool:
    """Whether a formula is a relation at all; that it holds is asserted, and a new letter on its left is remembered."""
    sides = RELATION.split(formula)
    if len(sides) == 1:
        return False
    first, *rest = sides[0::2]
    try:
        left = evaluated(first, values)
    except NotArithmetic:
        name = named(first)
        if name is None or sides[1] == r"\ne":
            raise
        left = values[name] = evaluated(rest[0], values)
    for relation, side in zip(sides[1::2], rest, strict=True):
        right = evaluated(side, values)
        if relation == "=":
            assert close(left, right), f"{formula}: {left} is not {right}"
        elif relation == r"\ne":
            assert not close(left, right), f"{formula}: the sides agree"
        else:
            assert rounds_to(left, side), f"{formula}: {left} is not {side}"
    return True


def named(text: str) -> str | None:
    """The name that a side is, if it is nothing else."""
    found = TOKEN.fullmatch(text.strip())
    return found["name"] or found["hat"] if found else None


def rounds_to(value: Any, decimal: str) -> bool:
    """Whether a decimal, perhaps times a power of ten, is the value rounded to the decimal's digits."""
    found = re.fullmatch(r"(-?\d+(?:\.(\d+))?)(?:\\cdot10\^\{(-?\d+)\})?", decimal.strip())
    assert found, f"{decimal} is no decimal"
    unit = mpf(10) ** (int(found[3] or 0) - len(found[2] or ""))
    shown = mpf(found[1]) * mpf(10) ** int(found[3] or 0)
    return bool(abs(mpf_of(value) - shown) <= unit / 2 * (1 + mpf(10) ** -30))


def mpf_of(value: Any) -> Any:
    return mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else value


def close(left: Any, right: Any) -> bool:
    """Equal exactly where both are fractions, to 40 digits elsewhere."""
    if isinstance(left, list) and isinstance(right, list):
        return all(close(a, b) for row, other in zip(left, right, strict=True) for a, b in zip(row, other, strict=True))
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left == right
    return bool(abs(mpf_of(left) - mpf_of(right)) < mpf(10) ** -40 * max(1, abs(mpf_of(right))))


def evaluated(text: str, values: dict[str, Any]) -> Any:
    """The value of one side: a fraction, a number of 50 digits, or a matrix as a list of rows."""
    reader = Reader(tokens(text), values)
    value = reader.sum()
    if reader.rest:
        raise NotArithmetic(f"{text}: cannot read {reader.rest[0]}")
    return value


def tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place = 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise NotArithmetic(f"{text}: cannot read {text[place:]}")
        kind = match.lastgroup or ""
        if kind != "space":
            found.append((kind, match[kind]))
        place = match.end()
    return found


class Reader:
    """Recursive descent over tokens; products may be written without a sign."""

    def __init__(self, rest: list[tuple[str, str]], values: dict[str, Any]):
        self.rest, self.values = rest, values

    def peek(self) -> tuple[str, str]:
        return self.rest[0] if self.rest else ("end", "")

    def take(self, sign: str = "") -> str:
        kind, text = self.peek()
        if kind == "end" or (sign and text != sign):
            raise NotArithmetic(f"expected {sign or 'more'}, found {text or 'the end'}")
        self.rest.pop(0)
        return text

    def sum(self) -> Any:
        negative = self.peek()[1] == "-"
        if negative:
            self.take()
        total = self.product()
        total = times(Fraction(-1), total) if negative else total
        while self.peek()[1] in ("+", "-"):
            sign = Fraction(1) if self.take() == "+" else Fraction(-1)
            total = plus(total, times(sign, self.product()))
        return total

    def product(self) -> Any:
        value = self.power()
        while True:
            kind, text = self.peek()
            if text == "/":
                self.take()
                value = value / self.power()
            elif text == r"\cdot":
                self.take()
                value = times(value, self.power())
            elif kind in ("number", "frac", "function", "name", "hat", "matrix") or text == "(":
                value = times(value, self.power())
            else:
                return value

    def power(self) -> Any:
        value = self.atom()
        if self.peek()[1] == "^":
            self.take()
            exponent = self.exponent()
            if isinstance(value, list):
                power = value
                for _ in range(int(exponent) - 1):
                    power = times(power, value)
                return power
            return value ** int(exponent) if exponent.denominator == 1 else mpf_of(value) ** mpf_of(exponent)
        return value

    def exponent(self) -> Any:
        if self.peek()[1] != "{":
            return Fraction(self.take())
        return self.braced()

    def braced(self) -> Any:
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def atom(self) -> Any:
        kind, _ = self.peek()
        text = self.take()
        if kind == "number":
            return Fraction(text)
        if kind == "frac":
            above = self.braced()
            return above / self.braced()
        if kind == "function":
            self.take("{" if text == r"\sqrt" else "(")
            value = mpf_of(self.sum())
            self.take("}" if text == r"\sqrt" else ")")
            return FUNCTIONS[text](value)
        if kind in ("name", "hat"):
            if text == "e" and text not in self.values:
                return mp.e
            if text not in self.values:
                raise NotArithmetic(f"{text} has no value")
            return self.values[text]
        if kind == "matrix":
            return [[evaluated(entry, self.values) for entry in row.split("&")] for row in text.split(r"\\")]
        if text == "(":
            value = self.sum()
            self.take(")")
            return value
        if text == r"\|":
            value = norm(self.sum())
            self.take(r"\|")
            return value
        raise NotArithmetic(f"cannot read {text}")


FUNCTIONS = {
    r"\tanh": mp.tanh,
    r"\operatorname{artanh}": mp.atanh,
    r"\sigma": lambda z: 1 / (1 + mp.exp(-z)),
    r"\ln": mp.log,
    r"\sqrt": mp.sqrt,
}


def plus(left: Any, right: Any) -> Any:
    if isinstance(left, list):
        return [[plus(a, b) for a, b in zip(row, other, strict=True)] for row, other in zip(left, right, strict=True)]
    return left + right if isinstance(left, Fraction) == isinstance(right, Fraction) else mpf_of(left) + mpf_of(right)


def times(left: Any, right: Any) -> Any:
    if isinstance(left, list) and isinstance(right, list):
        columns = list(zip(*right, strict=True))
        return [[dot(row, column) for column in columns] for row in left]
    if isinstance(left, list) or isinstance(right, list):
        number, rows = (right, left) if isinstance(left, list) else (left, right)
        return [[times(number, entry) for entry in row] for row in rows]
    return left * right if isinstance(left, Fraction) == isinstance(right, Fraction) else mpf_of(left) * mpf_of(right)


def dot(row: Any, column: Any) -> Any:
    total: Any = Fraction(0)
    for a, b in zip(row, column, strict=True):
        total = plus(total, times(a, b))
    return total


def norm(rows: list[list[Any]]) -> Any:
    """The largest singular value."""
    return max(mp.svd_r(matrix([[mpf_of(entry) for entry in row] for row in rows]), compute_uv=False))

"""What a floating-point constant in somebody's code means: 0.1 is 1/10, pi is pi, 2**0.5 is the root of 2."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

DENOMINATOR = 1 << 20
DIGITS = 13
MULTIPLES_OF_PI = 64
ROOTS = 1024
"""The largest denominator of what a constant may be the root of."""
LARGEST = 4096
"""The largest numerator: of large ones every floating-point number is the value of some."""


@dataclass(frozen=True, slots=True)
class Reading:
    """``rational`` times pi to the power ``pi``; ``exact`` unless it is a number that has been rounded already.

    With ``root`` it is the root of that instead, and negative if the rational number is.
    """

    rational: Fraction
    pi: int
    exact: bool
    root: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is the rational number itself."""
        return not self.pi and not self.root


@lru_cache(maxsize=65536)
def reading(x: float) -> Reading:
    """The simplest number that rounds to ``x``: a fraction, a short decimal, a small multiple of pi or 1/pi, a root of
    such.

    A constant of no such form, such as the rounded logarithm of 3, stands for itself and is marked as inexact.
    """
    if not math.isfinite(x):
        raise ValueError(f"the constant {x} has no exact value")
    exact = Fraction(x)
    if exact.denominator == 1:
        return Reading(exact, 0, True)
    near = exact.limit_denominator(DENOMINATOR)
    if float(near) == x:
        return Reading(near, 0, True)
    decimal = Fraction(repr(x))
    if len(str(decimal.numerator)) <= DIGITS or len(repr(x).partition("e")[0].strip("-0.").replace(".", "")) <= DIGITS:
        return Reading(decimal, 0, True)
    if abs(x) > LARGEST * math.pi:
        return Reading(exact, 0, False)
    for power in (1, -1):
        multiple = Fraction(x / math.pi**power).limit_denominator(MULTIPLES_OF_PI)
        if 0 < abs(multiple.numerator) <= LARGEST and abs(float(multiple) * math.pi**power - x) <= 2 * math.ulp(x):
            return Reading(multiple, power, True)
    for power in (0, 1, -1):
        square = Fraction(x * x / math.pi**power).limit_denominator(ROOTS)
        root = math.sqrt(square * math.pi**power)
        if 0 < square.numerator <= LARGEST and abs(root - abs(x)) <= 2 * math.ulp(x) and (power or not _square(square)):
            return Reading(square if x > 0 else -square, power, True, root=True)
    return Reading(exact, 0, False)


def _square(x: Fraction) -> bool:
    return all(math.isqrt(part) ** 2 == part for part in (x.numerator, x.denominator))

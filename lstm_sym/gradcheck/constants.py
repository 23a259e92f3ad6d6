"""What a floating-point constant in somebody's code means: 0.1 is 1/10, 1/3 is a third, pi is pi."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

DENOMINATOR = 1 << 20
DIGITS = 13
MULTIPLES_OF_PI = 64


@dataclass(frozen=True, slots=True)
class Reading:
    """``rational`` times pi to the power ``pi``; ``exact`` unless it is a number that has been rounded already."""

    rational: Fraction
    pi: int
    exact: bool


@lru_cache(maxsize=65536)
def reading(x: float) -> Reading:
    """The simplest number that rounds to ``x``: a fraction, a short decimal, a small multiple of pi.

    A constant of no such form, such as the rounded root of 3, stands for itself and is marked as inexact.
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
    multiple = Fraction(x / math.pi).limit_denominator(MULTIPLES_OF_PI)
    if multiple and abs(float(multiple) * math.pi - x) <= 2 * math.ulp(x):
        return Reading(multiple, 1, True)
    return Reading(exact, 0, False)

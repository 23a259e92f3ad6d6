r"""What a floating-point constant in somebody's code means: 0.1 is 1/10, pi is pi, 2**0.5 is the root of 2.

Python folds constants before anybody sees them, so 1 - 0.9 comes as 0.09999999999999998, which no decimal of few
digits rounds to. So a constant means the plain number, a fraction of a denominator up to ``PLAIN`` or a decimal of up
to ``PLACES`` places, that is within :math:`2^{-50}` of it, or within four units in the last place if it is larger
than 1. Two plain numbers are more than :math:`10^{-13}` apart, so none is near two of them; and what is written with up
to twelve digits means that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

DENOMINATOR = 1 << 20
"""The largest denominator of a fraction that rounds to the constant."""
FOLDED = 1 << 16
"""That of one that is within a few units in the last place of it."""
PLAIN = 500
PLACES = 10
DIGITS = 12
"""Digits of a constant that means what is written."""
LONGEST = 13
"""Digits of one that does, unless it is near a plain number."""
NEAR = 2.0**-50
LIKE = 2.0**-30
"""How near, relative to the constant itself, a plain number must be in any case."""
ULPS = 4
MULTIPLES_OF_PI = 360
ROOTS = 1024
"""The largest denominator of what a constant may be the root or the logarithm of, and of exponents of e."""
LARGEST = 4096
"""The largest numerator: of large ones every floating-point number is the value of some."""
POWERS = 128
SHORT = 4
"""A constant may be the power, with an exponent below ``POWERS``, of a decimal of so many places: 0.999**t."""


@dataclass(frozen=True, slots=True)
class Reading:
    """``factor`` times a function of ``rational`` times pi to the power ``pi``.

    The function is ``sqrt``, ``exp``, ``log``, ``1/log``, ``2**``, ``10**``, or none if it is empty. It is exact unless
    the constant is a number that has been rounded already.
    """

    rational: Fraction
    pi: int = 0
    exact: bool = True
    function: str = ""
    factor: Fraction = Fraction(1)

    def __neg__(self) -> Reading:
        return replace(self, factor=-self.factor) if self.function else replace(self, rational=-self.rational)

    @property
    def plain(self) -> bool:
        """Whether it is the rational number itself."""
        return not self.pi and not self.function


@lru_cache(maxsize=65536)
def reading(x: float) -> Reading:
    """The simplest number that rounds to ``x``, or nearly so: a fraction, a short decimal or a power of one, a small
    multiple of pi or 1/pi, a root of such, a power of 2, 10 or e, the logarithm of a small number.

    A constant of no such form, such as the rounded logarithm of 3/7 plus 1, stands for itself and is marked as inexact.
    """
    if not math.isfinite(x):
        raise ValueError(f"the constant {x} has no exact value")
    exact = Fraction(x)
    if exact.denominator == 1:
        return Reading(exact)
    rational = next(_rational(x, exact), None)
    if rational is not None:
        return Reading(rational)
    size = next(_irrational(abs(x)), None) if abs(x) < LARGEST * math.pi else None
    if size is None:
        return Reading(exact, exact=False)
    return size if x > 0 else -size


def _rational(x: float, exact: Fraction) -> Iterator[Fraction]:
    decimal, digits = Fraction(repr(x)), len(repr(abs(x)).partition("e")[0].replace(".", "").strip("0"))
    if digits <= DIGITS:
        yield decimal
    near = min(max(NEAR, ULPS * math.ulp(x)), LIKE * abs(x))
    places = PLACES - max(0, math.floor(math.log10(abs(x))))
    for plain in (exact.limit_denominator(PLAIN), round(exact, places)):
        if abs(plain - exact) <= near:
            yield plain
    if digits <= LONGEST:
        yield decimal
    fraction = exact.limit_denominator(FOLDED)
    if abs(fraction - exact) <= ULPS * math.ulp(x) and abs(x) < LARGEST:
        yield fraction
    # Of larger numbers fewer fractions are seen, else there is one for every number.
    fraction = exact.limit_denominator(max(1, math.isqrt(int(2**-12 / math.ulp(max(abs(x), 1.0))))))
    if float(fraction) == x:
        yield fraction
    scale = Fraction(10) ** math.floor(math.log10(abs(x)))
    scaled = (exact / scale).limit_denominator(PLAIN) * scale
    if abs(scaled - exact) <= ULPS * math.ulp(x):
        yield scaled
    for exponent in range(2, POWERS):
        base = round(Fraction(abs(x) ** (1 / exponent)), SHORT)
        power = float(base) ** exponent
        if base != 1 and abs(power - abs(x)) <= (ULPS + exponent / 2) * math.ulp(x) and x > 0:
            yield base**exponent


def _irrational(x: float) -> Iterator[Reading]:
    """What a positive number may be that is no fraction."""
    for pi in (1, -1):
        multiple = Fraction(x / math.pi**pi).limit_denominator(MULTIPLES_OF_PI)
        if 0 < multiple.numerator <= LARGEST and close(float(multiple) * math.pi**pi, x):
            yield Reading(multiple, pi)
    for pi in (0, 1, -1):
        square = Fraction(x * x / math.pi**pi).limit_denominator(ROOTS)
        if 0 < square.numerator <= LARGEST and close(math.sqrt(square * math.pi**pi), x):
            yield Reading(square, pi, True, "sqrt")
    for base in (2, 10):
        exponent = Fraction(math.log(x) / math.log(base)).limit_denominator(ROOTS)
        if exponent and close(float(base) ** float(exponent), x):
            yield Reading(exponent, 0, True, f"{base}**")
    exponent = Fraction(math.log(x)).limit_denominator(ROOTS)
    if exponent and close(math.exp(exponent), x):
        yield Reading(exponent, 0, True, "exp")
    for factor in [sign * Fraction(size) for size in ("1", "1/2", "2") for sign in (1, -1)]:
        for pi in (0, 1) if x < 2 * math.log(LARGEST) else ():
            argument = Fraction(math.exp(x / factor) / math.pi**pi).limit_denominator(ROOTS)
            value = math.log(argument * math.pi**pi) if argument > 0 else 0.0
            if 0 < argument.numerator <= LARGEST and close(factor * value, x):
                yield Reading(argument, pi, True, "log", factor)
    argument = Fraction(round(math.exp(min(1 / x, math.log(LARGEST)))))
    if argument > 1 and close(1 / math.log(argument), x):
        yield Reading(argument, 0, True, "1/log")


def close(value: float, x: float) -> bool:
    """Whether they are a few units in the last place apart."""
    return abs(value - x) <= ULPS * math.ulp(x)

r"""What a floating-point constant in somebody's code means: 0.1 is 1/10, pi is pi, 2**0.5 is the root of 2.

Python folds constants before anybody sees them, so 1 - 0.9 comes as 0.09999999999999998, which no decimal of few
digits rounds to. So a constant means the plain number, a fraction of a denominator up to ``PLAIN`` or a decimal of up
to ``PLACES`` places, that is within :math:`2^{-50}` of it, or within four units in the last place if it is larger
than 1. Two plain numbers are more than :math:`10^{-13}` apart, so none is near two of them. What is written with less
than ten digits means that; with ten to fifteen it means what rounds to it, be it 1/3 or the root of 2/pi.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

DENOMINATOR = 1 << 20
"""The largest denominator of a fraction that rounds to the constant."""
FOLDED = 1 << 16
"""That of one that is within a few units in the last place of it."""
PLAIN = 500
PLACES = 10
ROUNDED = 10
"""A constant that is written with so many digits may be a rounded one."""
LONGEST = 15
"""With more, it is one that floating point has rounded."""
TINY = 1e-290
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
COARSE = 48
"""The largest numerator and denominator that are seen in a number of single precision."""
EXPONENTS = np.arange(2, POWERS)
FACTORS = (1, -1, 0.5, -0.5, 2, -2)
"""Of logarithms."""
ULP = math.ulp(1.0)
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
    size = abs(x)
    found = next(_meant(size), None) or _itself(size)
    return found if x > 0 else -found


def digits(x: float) -> int:
    """How many digits it takes to write a constant."""
    return len(repr(abs(x)).partition("e")[0].replace(".", "").strip("0"))


def uncertainty(x: float) -> float:
    """How far a constant may be from what it means: half a unit of the last digit, where a rounded number is written,
    and else a few units in the last place, which arithmetic has brought in."""
    count, rounded = digits(x), ULPS * math.ulp(x)
    if count < ROUNDED:
        return 0.0
    return max(rounded, 0.5 * 10.0 ** (math.floor(math.log10(abs(x))) + 1 - count)) if count <= LONGEST else rounded


def _itself(x: float) -> Reading:
    return Reading(Fraction(repr(x)) if digits(x) <= LONGEST else Fraction(x), exact=False)


def _meant(x: float) -> Iterator[Reading]:
    """What a positive number may be, the plainest first."""
    if digits(x) < ROUNDED:
        yield Reading(Fraction(repr(x)))
    yield from map(Reading, _rational(x, uncertainty(x)))
    if x < LARGEST * math.pi:
        yield from _irrational(x, uncertainty(x))


def _rational(x: float, far: float) -> Iterator[Fraction]:
    """What fraction a positive number may be that is written with many digits."""
    near = min(max(NEAR, far), LIKE * x)
    yield from _within(near, x, *simplest(x, PLAIN))
    scale = 10 ** max(0, PLACES - max(0, math.floor(math.log10(x))))
    if digits(x) > LONGEST:
        yield from _within(near, x, round(x * scale), scale)
    ulp = math.ulp(x)
    if x < LARGEST:
        yield from _within(ULPS * ulp, x, *simplest(x, FOLDED))
    # Of larger numbers fewer fractions are seen, else there is one for every number.
    above, below = simplest(x, max(1, int(DENOMINATOR * math.sqrt(ULP / max(ulp, ULP)))))
    if above / below == x:
        yield Fraction(above, below)
    if x < TINY:
        return
    size = math.floor(math.log10(x))
    above, below = simplest(x / 10.0**size, PLAIN)
    if abs(above / below * 10.0**size - x) <= far:
        yield Fraction(above, below) * Fraction(10) ** size
    bases = np.round(x ** (1 / EXPONENTS), SHORT)
    found = np.flatnonzero((bases != 1) & (np.abs(bases**EXPONENTS - x) <= (ULPS + EXPONENTS / 2) * ulp))
    for k in found.tolist():
        yield Fraction(repr(float(bases[k]))) ** int(EXPONENTS[k])


def widened(x: Any) -> Any:
    """Numbers of half or single precision as what they may be the rounded values of, in double precision."""
    return np.array([_unrounded(value) for value in x.ravel()], float).reshape(x.shape)


@lru_cache(maxsize=65536, typed=True)
def _unrounded(x: Any) -> float:
    """A short decimal, a fraction, a multiple of pi or a root that ``x`` is the value of; else the shortest decimal."""
    value, kind = float(str(x)), type(x)
    if value == int(value) if math.isfinite(value) else True:
        return value
    size, digits = abs(float(x)), len(str(x).strip("-0").partition("e")[0].replace(".", "").strip("0"))
    if digits <= np.finfo(kind).precision - 1:
        return value
    for unit, root in ((1.0, 1), (math.pi, 1), (1 / math.pi, 1), (1.0, 2), (1 / math.pi, 2)):
        above, below = simplest(size**root / unit, COARSE)
        found = (above / below * unit) ** (1 / root)
        if above <= COARSE and kind(found) == kind(size):
            return math.copysign(found, value)
    return value


def simplest(x: float, bound: int) -> tuple[int, int]:
    """Numerator and denominator of the fraction that is nearest to a positive number, of a denominator up to a bound.

    By continued fractions, as ``Fraction.limit_denominator`` finds it, ten times as fast.
    """
    n, whole = x.as_integer_ratio()
    if whole <= bound:
        return n, whole
    d = whole
    (p, q), (r, s) = (0, 1), (1, 0)
    while q + n // d * s <= bound:
        k = n // d
        (p, q), (r, s) = (r, s), (p + k * r, q + k * s)
        n, d = d, n - k * d
    k = (bound - q) // s
    return (r, s) if 2 * d * (q + k * s) <= whole else (p + k * r, q + k * s)


def _within(distance: float, x: float, numerator: int, denominator: int) -> Iterator[Fraction]:
    if numerator and abs(numerator / denominator - x) <= distance:
        yield Fraction(numerator, denominator)


def _irrational(x: float, far: float) -> Iterator[Reading]:
    """What a positive number may be that is no fraction."""
    for pi, unit in ((1, math.pi), (-1, 1 / math.pi)):
        above, below = simplest(x / unit, MULTIPLES_OF_PI)
        if 0 < above <= LARGEST and abs(above / below * unit - x) <= far:
            yield Reading(Fraction(above, below), pi)
    for pi, unit in ((0, 1.0), (1, math.pi), (-1, 1 / math.pi)):
        above, below = simplest(x * x / unit, ROOTS)
        if 0 < above <= LARGEST and abs(math.sqrt(above / below * unit) - x) <= far:
            yield Reading(Fraction(above, below), pi, True, "sqrt")
    for name, base in (("2**", 2.0), ("10**", 10.0), ("exp", math.e)):
        exponent = math.log(x) / math.log(base)
        above, below = simplest(abs(exponent), ROOTS)
        if above and abs(base ** math.copysign(above / below, exponent) - x) <= far:
            yield Reading(Fraction(above if exponent > 0 else -above, below), 0, True, name)
    for factor in FACTORS:
        if x / abs(factor) > math.log(LARGEST):
            continue
        for pi, unit in ((0, 1.0), (1, math.pi)):
            above, below = simplest(math.exp(x / factor) / unit, ROOTS)
            if 0 < above <= LARGEST and abs(factor * math.log(above / below * unit) - x) <= far:
                yield Reading(Fraction(above, below), pi, True, "log", Fraction(factor))
    argument = round(math.exp(min(1 / x, math.log(LARGEST))))
    if argument > 1 and abs(1 / math.log(argument) - x) <= far:
        yield Reading(Fraction(argument), 0, True, "1/log")

"""Powers with exponents that may differ from entry to entry, and roots."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import numbers as n
from .constants import reading
from .numbers import Numbers

HIGHEST = 10_000
"""The highest degree of a root; numbers to a power of more digits are exponentials."""

LARGE = 1 << 62
"""Exponents from here on are Python's own integers."""


def square(x: Numbers) -> Numbers:
    x.domain.squared(x)
    return n.multiply(x, x)


def power(x: Numbers, y: Numbers) -> Numbers:
    """x to the power y: by squaring and roots where the exponents are fractions, as exp(y log x) elsewhere."""
    exponents = None if y.varies else fractions(y)
    if exponents is None:
        return n.apply("exp", n.multiply(y, n.apply("log", x)))
    numerators, denominators = exponents
    result: Numbers | None = None
    for denominator in np.unique(denominators).tolist():
        here = denominators == denominator
        base = x if here.all() or not x.shape else n.chosen(here, x, n.constant(x, 1))
        part = whole_power(root(base, denominator), np.where(here, numerators, 0))
        result = part if result is None else n.chosen(here, part, result)
    return _spread(x if result is None else result, y)


def fractions(y: Numbers) -> tuple[Any, Any] | None:
    """Numerators and denominators of constants; ``None`` if some are no fractions, or of a degree without roots."""
    distinct, where = np.unique(y.domain.shadow(y), return_inverse=True)
    read = [reading(value) for value in distinct.tolist()]
    if not all(found.plain and found.exact and has_roots(found.rational.denominator) for found in read):
        return None
    pairs = np.array([found.rational.as_integer_ratio() for found in read], dtype=object)
    if np.abs(pairs).max(initial=0) < LARGE:
        pairs = pairs.astype(np.int64)
    numerators, denominators = pairs.reshape(-1, 2)[where.ravel()].T
    return numerators.reshape(y.shape), denominators.reshape(y.shape)


def has_roots(degree: int) -> bool:
    """Whether a root of that degree is taken: 43 divides p - 1 for the last field, so that some numbers have none."""
    return degree <= HIGHEST and degree % 43 != 0


def root(x: Numbers, degree: int) -> Numbers:
    """The positive root of a positive number; any number is its own of degree 1."""
    while degree % 2 == 0:
        x, degree = n.apply("sqrt", x), degree // 2
    return x if degree == 1 else n.odd_root(x, degree)


def whole_power(x: Numbers, exponents: Any) -> Numbers:
    """The whole powers of x, one for each entry, by squaring."""
    distinct = set(exponents.ravel().tolist())
    if len(distinct) == 1:
        return _same_power(x, distinct.pop())
    if (exponents < 0).any():
        x = n.chosen(exponents < 0, n.reciprocal(n.chosen(exponents < 0, x, n.constant(x, 1))), x)
    exponents = np.abs(exponents)
    result, square_ = n.constant(x, 1), x
    while exponents.any():
        odd = exponents % 2 == 1
        result = n.chosen(odd, n.multiply(result, square_), result)
        exponents = exponents // 2
        if exponents.any():
            square_ = n.multiply(square_, square_)
    return result


def _same_power(x: Numbers, exponent: int) -> Numbers:
    """One whole power; the square of an odd power is known as such, since its root has the sign of x in the field."""
    return square(n.power(x, exponent // 2)) if exponent % 4 == 2 else n.power(x, exponent)


def _spread(x: Numbers, y: Numbers) -> Numbers:
    """x in the shape that it and y have together."""
    return n.add(x, x.domain.constant(np.zeros(np.broadcast_shapes(x.shape, y.shape))))


def cube_root(x: Numbers) -> Numbers:
    """The root that has the sign of the number."""
    signs = x.domain.order(x, n.constant(x, 0))
    size = n.chosen(signs >= 0, x, n.negative(x))
    return n.chosen(signs >= 0, n.odd_root(size, 3), n.negative(n.odd_root(size, 3)))

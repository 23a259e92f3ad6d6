"""Powers with exponents that may differ from entry to entry, and roots."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import numbers as n
from .constants import reading
from .numbers import Numbers


def square(x: Numbers) -> Numbers:
    x.domain.squared(x)
    return n.multiply(x, x)


def power(x: Numbers, y: Numbers) -> Numbers:
    """x to the power y: by squaring and roots where the exponents are fractions, as exp(y log x) elsewhere."""
    exponents = None if y.varies else fractions(y)
    if exponents is None:
        return n.apply("exp", n.multiply(y, n.apply("log", x)))
    distinct = set(exponents.ravel().tolist())
    if distinct == {2}:
        return _spread(square(x), y)
    result = None
    denominators = np.array([exponent.denominator for exponent in exponents.ravel()]).reshape(exponents.shape)
    for denominator in np.unique(denominators).tolist():
        here = denominators == denominator
        base = x if here.all() or not x.shape else n.chosen(here, x, n.constant(x, 1))
        numerators = np.where(here, exponents * denominator, 0).astype(int)
        part = _whole_power(root(base, denominator), numerators)
        result = part if result is None else n.chosen(here, part, result)
    assert result is not None
    return _spread(result, y)


def fractions(y: Numbers) -> Any:
    """Constants as an array of fractions; ``None`` if some are none, or of a denominator without roots."""
    read = {value: reading(value) for value in np.unique(y.domain.shadow(y)).tolist()}
    if not all(found.plain and found.exact and n.has_roots(found.rational.denominator) for found in read.values()):
        return None
    made = np.empty(y.shape, object)
    made[...] = np.reshape([read[value].rational for value in np.ravel(y.domain.shadow(y)).tolist()], y.shape)
    return made


def root(x: Numbers, degree: int) -> Numbers:
    """The positive root of a positive number; any number is its own of degree 1."""
    while degree % 2 == 0:
        x, degree = n.apply("sqrt", x), degree // 2
    return x if degree == 1 else n.odd_root(x, degree)


def _whole_power(x: Numbers, exponents: Any) -> Numbers:
    """The whole powers of x, one for each entry, by squaring."""
    if len(np.unique(exponents)) == 1:
        return n.power(x, int(exponents.ravel()[0]))
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


def _spread(x: Numbers, y: Numbers) -> Numbers:
    """x in the shape that it and y have together."""
    return n.add(x, x.domain.constant(np.zeros(np.broadcast_shapes(x.shape, y.shape))))


def cube_root(x: Numbers) -> Numbers:
    """The root that has the sign of the number."""
    signs = x.domain.order(x, n.constant(x, 0))
    size = n.chosen(signs >= 0, x, n.negative(x))
    return n.chosen(signs >= 0, n.odd_root(size, 3), n.negative(n.odd_root(size, 3)))

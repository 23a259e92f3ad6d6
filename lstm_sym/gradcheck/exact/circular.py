r"""Sine and cosine, and functions of which no more is used than the derivative and that they are odd.

In a field with i the sine and cosine are made of exp(i a) by Euler's formula, so that the addition theorems hold.
The arc tangent, the arc sine and the error function are random numbers that their argument decides.
"""

from __future__ import annotations

import math

import numpy as np

from . import numbers as n
from .numbers import CONSTANT, LETTER, Degree, Numbers

OF_EULER = Degree(1, 1)
"""A value of sine or cosine, as a fraction in the letter exp(i a)."""


def _value(name: str, x: Numbers, degree: Degree) -> Numbers:
    """A function's values without tangents."""
    if x.varies and degree is OF_EULER:
        x.domain.divisors += float(np.prod(x.shape))
    values = x.domain.values(name, [part[:1] for part in x.parts])
    return Numbers(x.domain, tuple(values), x.varies, degree if x.varies else CONSTANT, decided=x.decided)


def _moving(value: Numbers, x: Numbers, derivative: Numbers) -> Numbers:
    """The values with the tangents that those of x make, by the chain rule."""
    slope = n.multiply(Numbers(x.domain, tuple(part[1:] for part in x.parts), True, x.slope), derivative)
    parts = tuple(np.concatenate(pair) for pair in zip(value.parts, slope.parts))
    return Numbers(x.domain, parts, x.varies, value.degree, slope.degree if x.varies else CONSTANT, x.decided)


def sine(x: Numbers) -> Numbers:
    return _moving(_value("sin", x, OF_EULER), x, _value("cos", x, OF_EULER))


def cosine(x: Numbers) -> Numbers:
    return _moving(_value("cos", x, OF_EULER), x, n.negative(_value("sin", x, OF_EULER)))


def tangent(x: Numbers) -> Numbers:
    return n.divide(sine(x), cosine(x))


def arctangent(x: Numbers) -> Numbers:
    still = x.without_tangents()
    one = x.domain.constant(1)
    return _moving(_value("arctan", x, LETTER), x, n.reciprocal(n.add(one, n.multiply(still, still))))


def arcsine(x: Numbers) -> Numbers:
    still = x.without_tangents()
    one = x.domain.constant(1)
    root = n.apply("sqrt", n.subtract(one, n.multiply(still, still)))
    return _moving(_value("arcsin", x, LETTER), x, n.reciprocal(root))


def arccosine(x: Numbers) -> Numbers:
    return n.subtract(x.domain.constant(math.pi / 2), arcsine(x))


def angle(y: Numbers, x: Numbers) -> Numbers:
    """The angle of the point (x, y), from -pi to pi: that of its slope, or turned by half a circle."""
    zero = x.domain.constant(0)
    turned = np.where(x.domain.order(x, zero) < 0, np.where(x.domain.order(y, zero) < 0, -math.pi, math.pi), 0.0)
    return n.add(arctangent(n.divide(y, x)), x.domain.constant(turned))


def error_function(x: Numbers) -> Numbers:
    r""":math:`\mathrm{erf}' = \frac{2}{\sqrt\pi} e^{-x^2}`."""
    return _moving(_value("erf", x, LETTER), x, _bell(x))


def _bell(x: Numbers) -> Numbers:
    still = x.without_tangents()
    scale = n.divide(x.domain.constant(2), n.apply("sqrt", x.domain.constant(math.pi)))
    return n.multiply(scale, n.apply("exp", n.negative(n.multiply(still, still))))


def complementary(x: Numbers) -> Numbers:
    """1 - erf x, which in floating point is no such difference."""
    return _moving(_value("erfc", x, LETTER), x, n.negative(_bell(x)))


def normal_distribution(x: Numbers) -> Numbers:
    constant = x.domain.constant
    half = n.divide(x, n.apply("sqrt", constant(2)))
    return n.divide(complementary(n.negative(half)), constant(2))

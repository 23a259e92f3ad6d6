"""Functions that are made of exponentials, logarithms, roots and sines."""

from __future__ import annotations

import math
from collections.abc import Callable

from . import circular
from . import numbers as n
from .numbers import Numbers
from .powers import square


def logaddexp(x: Numbers, y: Numbers) -> Numbers:
    """log(exp x + exp y), the other number where one is -inf."""
    gone = [u.domain.infinite(u) & (u.domain.shadow(u) < 0) for u in (x, y)]
    if not (gone[0].any() or gone[1].any()):
        masked = x.domain.masked(x) & y.domain.masked(y)
        if masked.any():
            larger = n.chosen(x.domain.order(x, y) < 0, y, x)
            smaller = n.subtract(n.add(x, y), larger)
            quotient = n.apply("exp", n.chosen(masked, n.subtract(smaller, larger), n.constant(x, 0)))
            sums = n.add(larger, n.apply("log", n.add(n.constant(x, 1), quotient)))
            return n.chosen(masked, sums, logaddexp(*(n.chosen(masked, n.constant(u, 0), u) for u in (x, y))))
        return n.apply("log", n.add(n.apply("exp", x), n.apply("exp", y)))
    either = gone[0] | gone[1]
    sums = logaddexp(*(n.chosen(either, n.constant(u, 0), u) for u in (x, y)))
    return n.chosen(gone[0], y, n.chosen(gone[1], x, sums))


def hyperbolic(sign: int) -> Callable[[Numbers], Numbers]:
    def half_sum(x: Numbers) -> Numbers:
        e = n.apply("exp", x)
        other = n.reciprocal(e)
        both = n.add(e, other) if sign > 0 else n.subtract(e, other)
        return n.multiply(both, n.constant(x, 0.5))

    return half_sum


def logarithm(base: int) -> Callable[[Numbers], Numbers]:
    return lambda x: n.divide(n.apply("log", x), n.apply("log", n.constant(x, base)))


def of_half_quotient(x: Numbers) -> Numbers:
    """The area tangent."""
    one = n.constant(x, 1)
    return n.multiply(n.apply("log", n.divide(n.add(one, x), n.subtract(one, x))), n.constant(x, 0.5))


def of_sum_with_root(sign: int) -> Callable[[Numbers], Numbers]:
    """The area sine, with 1, and the area cosine, with -1."""
    return lambda x: n.apply("log", n.add(x, n.apply("sqrt", n.add(square(x), n.constant(x, sign)))))


def times_logarithm(x: Numbers, y: Numbers) -> Numbers:
    """x log y, and 0 where x is."""
    return n.chosen(x.domain.same(x, n.constant(x, 0)), n.constant(x, 0), n.multiply(x, n.apply("log", y)))


def relative_entropy(x: Numbers, y: Numbers) -> Numbers:
    return times_logarithm(x, n.divide(x, y))


def cardinal_sine(x: Numbers) -> Numbers:
    """sin(pi x)/(pi x), and 1 at 0."""
    here = x.domain.same(x, n.constant(x, 0))
    angle = n.multiply(n.chosen(here, n.constant(x, 1), x), n.constant(x, math.pi))
    return n.chosen(here, n.constant(x, 1), n.divide(circular.sine(angle), angle))


def scaled(factor: float) -> Callable[[Numbers], Numbers]:
    return lambda x: n.multiply(x, n.constant(x, factor))


def to_the(base: float) -> Callable[[Numbers], Numbers]:
    return lambda x: n.apply("exp", n.multiply(x, n.apply("log", n.constant(x, base))))

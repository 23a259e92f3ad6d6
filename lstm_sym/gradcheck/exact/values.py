"""Values of functions that are made of exponentials, or that their argument decides, in every ring of a field."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .modular import Cramped

if TYPE_CHECKING:
    from .field import Field


def hyperbolic_tangent(field: Field, x: list[Any]) -> list[Any]:
    doubled = [ring.add(a, a) for ring, a in zip(field.rings, x[:-1])]
    if field.forms:
        field.forms.added(x[1], x[1], doubled[1])
    rings, powers = field.exponentials.powers(doubled)
    values = [ring.mul(ring.sub(e, 1), ring.inv(ring.add(e, 1))) for ring, e in zip(rings, powers)]
    return [*field.lifted(values), np.tanh(x[-1])]


def logistic(field: Field, x: list[Any]) -> list[Any]:
    rings, powers = field.exponentials.powers(x[:-1])
    values = [ring.mul(e, ring.inv(ring.add(e, 1))) for ring, e in zip(rings, powers)]
    return [*field.lifted(values), 0.5 * np.tanh(0.5 * x[-1]) + 0.5]


def around(field: Field, x: list[Any], sign: int) -> list[Any]:
    """(exp(i a) ± exp(-i a)) / 2."""
    if not field.height:
        raise Cramped("a sine or cosine needs the number i", always=True)
    rings, powers = field.exponentials.powers([ring.mul(ring.unit, a) for ring, a in zip(field.rings, x[:-1])])
    opposite = [ring.inv(e) for ring, e in zip(rings, powers)]
    both = [
        ring.mul(ring.add(e, other if sign > 0 else ring.neg(other)), ring.rational(1, 2))
        for ring, e, other in zip(rings, powers, opposite)
    ]
    return field.lifted(both)


def cosine(field: Field, x: list[Any]) -> list[Any]:
    return [*around(field, x, 1), np.cos(x[-1])]


def sine(field: Field, x: list[Any]) -> list[Any]:
    values = [ring.neg(ring.mul(ring.unit, part)) for ring, part in zip(field.rings, around(field, x, -1))]
    return [*values, np.sin(x[-1])]


def odd(field: Field, name: str, x: list[Any]) -> list[Any]:
    """A random residue that the argument decides, the opposite one for the opposite argument."""
    values = []
    for ring, a in zip(field.rings, x[:-1]):
        found = []
        for key, other in zip(ring.keys(a), ring.keys(ring.neg(a))):
            value = field.keyed(name, ring.p, min(key, other)) if key != other else 0
            found.append(value if key <= other else ring.p - value)
        values.append(np.array(found, np.int64).reshape(a.shape))
    return field.lifted(values)


def arctangent(field: Field, x: list[Any]) -> list[Any]:
    return [*odd(field, "arctan", x), np.arctan(x[-1])]


def arcsine(field: Field, x: list[Any]) -> list[Any]:
    return [*odd(field, "arcsin", x), np.arcsin(x[-1])]


def complementary(field: Field, x: list[Any]) -> list[Any]:
    values = [ring.sub(ring.rational(1, 1), part) for ring, part in zip(field.rings, odd(field, "erf", x))]
    return [*values, np.vectorize(math.erfc, otypes=[float])(x[-1])]


def error_function(field: Field, x: list[Any]) -> list[Any]:
    return [*odd(field, "erf", x), np.vectorize(math.erf, otypes=[float])(x[-1])]


OWN: dict[str, Callable[[Field, list[Any]], list[Any]]] = {
    "tanh": hyperbolic_tangent,
    "sigmoid": logistic,
    "cos": cosine,
    "sin": sine,
    "arctan": arctangent,
    "arcsin": arcsine,
    "erf": error_function,
    "erfc": complementary,
}
"""By the name of the function: from what its argument is in every ring, the shadow last, to its value."""

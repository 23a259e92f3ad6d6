r"""Arrays of numbers with tangents, each held in several rings at once, and their arithmetic.

A part is an array of shape (1 + K, \*shape): the values in one ring, then K tangents, or K = 0 for
constants and for rings that carry none. The rules of differentiation stand here once, for every ring:
residues modulo a prime, floating-point numbers, balls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from .linear_forms import LinearForms
from .undefined import PARTIAL, Undefined

Part = Any
Shape = tuple[int, ...]


class Ring(Protocol):
    """Arithmetic on whole arrays of elements of one ring."""

    def add(self, a: Any, b: Any) -> Any: ...
    def sub(self, a: Any, b: Any) -> Any: ...
    def mul(self, a: Any, b: Any) -> Any: ...
    def neg(self, a: Any) -> Any: ...
    def inv(self, a: Any) -> Any: ...
    def sum(self, a: Any, axis: int) -> Any: ...
    def matmul(self, a: Any, b: Any) -> Any: ...
    def rational(self, numerator: int, denominator: int) -> Any: ...
    def is_zero(self, a: Any) -> Any: ...


class Domain(Protocol):
    """The rings that a number lives in, how constants enter them, and the functions that are not rational."""

    rings: tuple[Any, ...]
    divisors: float
    """The total degree of everything that was divided by."""
    roots_taken: int
    """How many square roots of numbers that vary were taken."""
    noting: bool
    """Whether it notes the decisions that are made."""
    undefined: Undefined

    @property
    def forms(self) -> LinearForms | None:
        """Which numbers are made of logarithms, where exponentials must know it."""

    def exponential_degree(self) -> tuple[float, float]: ...
    def constant(self, x: Any) -> Numbers: ...
    def junk(self, shape: Shape) -> Numbers: ...
    def values(self, name: str, x: list[Any]) -> list[Any]: ...
    def odd_root(self, x: list[Any], degree: int) -> list[Any]: ...
    def divisors_of(self, x: list[Any]) -> list[Any]: ...
    def unmet(self, divisors: list[Any]) -> int: ...
    def refuse_zeros(self, *arrays: Numbers) -> None: ...
    def refuse_infinite(self, *arrays: Numbers) -> None: ...
    def infinite(self, x: Numbers) -> Any: ...
    def without_value(self, x: Numbers) -> Any: ...
    def order(self, x: Numbers, y: Numbers, asked: str = "", either: bool = False) -> Any: ...
    def same(self, x: Numbers, y: Numbers) -> Any: ...
    def asks(self, asked: str, truth: Any, x: Numbers | None = None, y: Numbers | None = None) -> None: ...
    def competes(self, asked: str, x: Numbers, axis: int | None) -> None: ...
    def masked(self, x: Numbers) -> Any: ...
    def fades(self, x: Numbers) -> None: ...
    def shadow(self, x: Numbers) -> Any: ...
    def decidable(self, x: Numbers) -> Any: ...
    def squared(self, x: Numbers) -> None: ...


@dataclass(frozen=True, slots=True)
class Degree:
    r"""How an entry depends on the random letters: as a fraction :math:`N / \prod_k \pi_k^{m_k}`.

    The :math:`\pi_k` are the divisors that the program met, ``multiplicity`` bounds every :math:`m_k`, ``excess``
    the degree of N less that of the denominator. A sum needs each divisor as often as one of its terms at most.
    """

    excess: float
    multiplicity: float

    def __mul__(self, other: Degree) -> Degree:
        return Degree(self.excess + other.excess, self.multiplicity + other.multiplicity)

    def __or__(self, other: Degree) -> Degree:
        return Degree(max(self.excess, other.excess), max(self.multiplicity, other.multiplicity))

    def total(self, divisors: float) -> float:
        """A bound on the degree of the numerator over the common denominator."""
        return max(self.excess, 0.0) + (self.multiplicity * divisors if self.multiplicity else 0.0)


CONSTANT = Degree(0, 0)
LETTER = Degree(1, 0)


@dataclass(frozen=True, slots=True)
class Numbers:
    """An array of numbers: one part per ring of its domain; ``varies`` unless it is made of constants alone."""

    domain: Domain
    parts: tuple[Part, ...]
    varies: bool = False
    degree: Degree = CONSTANT
    slope: Degree = CONSTANT
    """The degree of the tangents."""
    decided: bool = False
    """Whether a comparison of numbers that depend on the inputs has chosen some of them."""

    @property
    def depends(self) -> bool:
        """Whether they depend on the inputs, be it by comparisons alone."""
        return self.varies or self.decided

    @property
    def shape(self) -> Shape:
        return self.parts[0].shape[1:]

    def each(self, change: Callable[[Part], Part]) -> Numbers:
        """The same numbers elsewhere, by a change of place that leaves the first axis of a part alone."""
        return Numbers(self.domain, tuple(map(change, self.parts)), self.varies, self.degree, self.slope, self.decided)

    def reshape(self, shape: Shape) -> Numbers:
        return self.each(lambda part: part.reshape(len(part), *shape))

    def without_tangents(self) -> Numbers:
        parts = tuple(part[:1] for part in self.parts)
        return Numbers(self.domain, parts, self.varies, self.degree, decided=self.decided)

    def chosen_by(self, depends: bool) -> Numbers:
        """The same, after a choice that depends on the inputs if this is said."""
        return replace(self, decided=True) if depends and not self.decided else self


def lifted(part: Part, dimensions: int) -> Part:
    """A part with axes of length 1 after the tangents', so that its entries broadcast as NumPy broadcasts them."""
    missing = dimensions - part.ndim + 1
    return part.reshape(len(part), *[1] * missing, *part.shape[1:]) if missing else part


def _made(x: Numbers, y: Numbers, parts: Sequence[Part], degree: Degree, slope: Degree) -> Numbers:
    return Numbers(x.domain, tuple(parts), x.varies or y.varies, degree, slope, x.decided or y.decided)


def _pairs(x: Numbers, y: Numbers) -> list[tuple[Ring, Part, Part]]:
    dimensions = max(len(x.shape), len(y.shape))
    return [
        (ring, lifted(a, dimensions), lifted(b, dimensions)) for ring, a, b in zip(x.domain.rings, x.parts, y.parts)
    ]


def _exponents(x: Numbers, y: Numbers, result: Sequence[Part]) -> tuple[Any, Any, Any]:
    """The values of two numbers and of what was made of them, in the ring that exponents are in."""
    a, b, c = (lifted(part[:1], result[1].ndim - 1) for part in (x.parts[1], y.parts[1], result[1]))
    return a, b, c


def _joined(value: Any, *tangents: Any) -> Part:
    """A part from its values, of shape (1, *shape), and the tangents, of which there may be none."""
    given = [np.broadcast_to(t, (len(t), *value.shape[1:])) for t in tangents if len(t)]
    return np.concatenate([value, *given]) if given else value


def add(x: Numbers, y: Numbers) -> Numbers:
    """x + y."""
    parts = []
    for ring, a, b in _pairs(x, y):
        if len(a) == len(b):
            parts.append(ring.add(a, b))
        else:
            parts.append(_joined(ring.add(a[:1], b[:1]), a[1:], b[1:]))
    if x.domain.forms:
        x.domain.forms.added(*_exponents(x, y, parts))
    return _made(x, y, parts, x.degree | y.degree, x.slope | y.slope)


def negative(x: Numbers) -> Numbers:
    """-x."""
    parts = tuple(ring.neg(a) for ring, a in zip(x.domain.rings, x.parts))
    return Numbers(x.domain, parts, x.varies, x.degree, x.slope, x.decided)


def subtract(x: Numbers, y: Numbers) -> Numbers:
    """x - y."""
    parts = []
    for ring, a, b in _pairs(x, y):
        if len(a) == len(b):
            parts.append(ring.sub(a, b))
        else:
            parts.append(_joined(ring.sub(a[:1], b[:1]), a[1:], ring.neg(b[1:])))
    if x.domain.forms:
        x.domain.forms.added(*_exponents(x, y, parts), sign=-1)
    return _made(x, y, parts, x.degree | y.degree, x.slope | y.slope)


def _product(ring: Ring, a: Part, b: Part, times: Callable[[Any, Any], Any]) -> Part:
    """The product rule for a bilinear ``times``."""
    if len(b) == 1:
        return times(a, b[:1])
    if len(a) == 1:
        return times(a[:1], b)
    left = times(a, b[:1])
    left[1:] = ring.add(left[1:], times(a[:1], b[1:]))
    return left


def multiply(x: Numbers, y: Numbers) -> Numbers:
    """x y, entry by entry."""
    parts = [_product(ring, a, b, ring.mul) for ring, a, b in _pairs(x, y)]
    if x.domain.forms:
        x.domain.forms.multiplied(*_exponents(x, y, parts))
    return _made(x, y, parts, x.degree * y.degree, x.slope * y.degree | x.degree * y.slope)


def matmul(x: Numbers, y: Numbers) -> Numbers:
    """The matrix product over the last two axes."""
    parts = [_product(ring, a, b, ring.matmul) for ring, a, b in _pairs(x, y)]
    if x.domain.forms:
        x.domain.forms.contracted(*_exponents(x, y, parts))
    return _made(x, y, parts, x.degree * y.degree, x.slope * y.degree | x.degree * y.slope)


def reciprocal(y: Numbers) -> Numbers:
    """1/y."""
    parts = []
    values = y.domain.divisors_of([part[:1] for part in y.parts])
    for ring, b, divisor in zip(y.domain.rings, y.parts, values):
        value = ring.inv(divisor)
        parts.append(_joined(value, ring.neg(ring.mul(b[1:], ring.mul(value, value)))) if len(b) > 1 else value)
    degree = y.degree
    if y.varies:
        y.domain.divisors += y.domain.unmet(values) * y.degree.total(y.domain.divisors)
        degree = Degree(-y.degree.excess, y.degree.multiplicity + 1)
    return Numbers(y.domain, tuple(parts), y.varies, degree, y.slope * degree * degree, y.decided)


def divide(x: Numbers, y: Numbers) -> Numbers:
    """x/y, entry by entry."""
    return multiply(x, reciprocal(y))


def chosen(mask: Any, x: Numbers, y: Numbers) -> Numbers:
    """x where the mask is true, y elsewhere."""
    shape = np.broadcast_shapes(np.shape(mask), x.shape, y.shape)
    parts = []
    for ring, a, b in zip(x.domain.rings, x.parts, y.parts):
        width = max(len(a), len(b))
        a, b = (lifted(widened(ring, part, width), len(shape)) for part in (a, b))
        parts.append(np.where(mask, a, b))
    return _made(x, y, parts, x.degree | y.degree, x.slope | y.slope)


def constant(x: Numbers, value: float) -> Numbers:
    """A constant in the domain of x."""
    return x.domain.constant(value)


def total(x: Numbers, axis: int) -> Numbers:
    """The sum over one axis, counted from 0."""
    parts = tuple(ring.sum(a, axis + 1) for ring, a in zip(x.domain.rings, x.parts))
    if x.domain.forms:
        x.domain.forms.summed(x.parts[1][:1], axis + 1, parts[1][:1])
    return Numbers(x.domain, parts, x.varies, x.degree, x.slope, x.decided)


def power(x: Numbers, exponent: int) -> Numbers:
    """The integer power, by squaring."""
    if exponent < 0:
        return power(reciprocal(x), -exponent)
    result, square = None, x
    while exponent:
        if exponent & 1:
            result = square if result is None else multiply(result, square)
        exponent >>= 1
        if exponent:
            square = multiply(square, square)
    return x.domain.constant(np.ones(x.shape)) if result is None else result


Slope = Callable[[Any, Any, Any], Any]
"""The derivative in one ring, from the ring, the argument and the value."""

ELEMENTWISE: dict[str, Slope] = {
    "exp": lambda R, x, y: y,
    "log": lambda R, x, y: R.inv(x),
    "sqrt": lambda R, x, y: R.mul(R.inv(y), R.rational(1, 2)),
    "tanh": lambda R, x, y: R.sub(R.rational(1, 1), R.mul(y, y)),
    "sigmoid": lambda R, x, y: R.mul(y, R.sub(R.rational(1, 1), y)),
}
"""The functions that a domain knows itself; all others are made of them."""


def apply(name: str, x: Numbers) -> Numbers:
    """A function of ``ELEMENTWISE`` at every entry."""
    derivative = ELEMENTWISE[name]
    x.domain.undefined.possible |= x.varies and name in PARTIAL
    arguments = [part[:1] for part in x.parts]
    if name == "log":
        arguments = x.domain.divisors_of(arguments)
        if x.domain.forms is not None:
            x.domain.forms.logged = x.degree.excess, x.degree.multiplicity
    values = x.domain.values(name, arguments)
    if name == "exp" and x.depends:
        x.domain.fades(x)
    divisors = values
    if name == "sqrt" and any(len(part) > 1 for part in x.parts):
        still, rings = _still(x), x.domain.rings
        divisors = x.domain.divisors_of([np.where(still, ring.rational(1, 1), y) for ring, y in zip(rings, values)])
        values = [np.where(still, *pair) for pair in zip(values, divisors)]
    parts = []
    for ring, part, argument, value, y in zip(x.domain.rings, x.parts, arguments, values, divisors):
        tangents = part[1:]
        parts.append(_joined(value, ring.mul(tangents, derivative(ring, argument, y))) if len(tangents) else value)
    return Numbers(x.domain, tuple(parts), x.varies, *_degrees(name, x), x.decided)


def _still(x: Numbers) -> Any:
    """Where numbers are 0 with all their tangents, as behind a relu: they are 0 nearby, and so are their roots."""
    moving = [ring.is_zero(part) for ring, part in zip(x.domain.rings, x.parts) if len(part) > 1]
    return np.all([zero.all(axis=0) for zero in moving], axis=0)


def odd_root(x: Numbers, degree: int) -> Numbers:
    """The root of an odd degree, a fresh letter; its derivative is that of the root of y^degree = x."""
    arguments = x.domain.divisors_of([part[:1] for part in x.parts])
    x.domain.undefined.possible |= x.varies
    values = x.domain.odd_root(arguments, degree)
    parts = []
    for ring, part, argument, value in zip(x.domain.rings, x.parts, arguments, values):
        slope = ring.mul(ring.mul(value, ring.inv(argument)), ring.rational(1, degree))
        parts.append(_joined(value, ring.mul(part[1:], slope)) if len(part) > 1 else value)
    if not x.varies:
        return Numbers(x.domain, tuple(parts))
    x.domain.divisors += float(np.prod(x.shape)) * x.degree.total(x.domain.divisors)
    return Numbers(x.domain, tuple(parts), True, LETTER, x.slope * LETTER * Degree(0, x.degree.multiplicity + 1))


def _degrees(name: str, x: Numbers) -> tuple[Degree, Degree]:
    """A function value is a fresh letter; tanh and the logistic function are fractions of degree 2 in an exponential.

    An exponential of a sum of logarithms is the product of what these were taken of. The derivative of a root divides
    by the root, that of a logarithm by the argument.
    """
    if not x.varies:
        return CONSTANT, CONSTANT
    entries = float(np.prod(x.shape))
    excess, multiplicity = x.domain.exponential_degree()
    exponential = Degree(1 + excess, multiplicity)
    if name in ("tanh", "sigmoid"):
        x.domain.divisors += 2 * entries * exponential.total(x.domain.divisors)
        value = Degree(0, 1)
        return value, x.slope * value * value
    if name == "exp":
        return exponential, x.slope * exponential
    if name == "sqrt":
        x.domain.divisors += entries
        x.domain.roots_taken += int(entries)
        return LETTER, x.slope * Degree(0, 1)
    x.domain.divisors += entries * x.degree.total(x.domain.divisors)
    return LETTER, x.slope * Degree(0, x.degree.multiplicity + 1)


def gathered(pieces: Sequence[Numbers]) -> Numbers:
    """Flat numbers one after another."""
    first = pieces[0]
    parts = []
    for k in range(len(first.parts)):
        widest = max(len(piece.parts[k]) for piece in pieces)
        parts.append(
            np.concatenate([widened(piece.domain.rings[k], piece.parts[k], widest) for piece in pieces], axis=1)
        )
    degree, slope = first.degree, first.slope
    for piece in pieces[1:]:
        degree, slope = degree | piece.degree, slope | piece.slope
    varies, decided = (any(getattr(piece, name) for piece in pieces) for name in ("varies", "decided"))
    return Numbers(first.domain, tuple(parts), varies, degree, slope, decided)


def widened(ring: Ring, part: Part, width: int) -> Part:
    """A part with as many tangents as another, the new ones 0."""
    if len(part) == width:
        return part
    nought = np.empty((width - len(part), *part.shape[1:]), part.dtype)
    nought[...] = ring.rational(0, 1)
    return np.concatenate([part, nought])
